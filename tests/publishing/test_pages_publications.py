"""The pages of a post and of a publication: the exact state, and only the buttons that are safe."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client

from etalage.channels.models import Channel
from etalage.kit import clock
from etalage.publishing import queries
from etalage.publishing.models import DeliveryState, DeliveryStep, Publication
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost

BUTTONS: dict[DeliveryState, set[str]] = {
    DeliveryState.DRAFT: set(),
    DeliveryState.APPROVED: {"withdraw"},
    DeliveryState.SCHEDULED: {"withdraw"},
    DeliveryState.CLAIMED: {"withdraw"},
    DeliveryState.PREPARED: {"withdraw"},
    DeliveryState.SENDING: set(),
    DeliveryState.PUBLISHED: set(),  # the network of this test can neither edit nor withdraw
    DeliveryState.REJECTED: {"try-again"},
    DeliveryState.UNKNOWN: set(),
    DeliveryState.RECONCILING: set(),
    DeliveryState.NEEDS_PERSON: {"it-is-there", "send-again", "drop"},
    DeliveryState.EXPIRED: {"try-again"},
    DeliveryState.WITHDRAWN: set(),
    DeliveryState.DROPPED: set(),  # it may stand there
}


@pytest.fixture
def channel(scripted_channel: NewChannel) -> Channel:
    return scripted_channel()


@pytest.fixture
def publication(new_post: NewPost, channel: Channel) -> Publication:
    """A publication that goes out now."""
    return new_post(channel, now=True).publications.get()


def put(publication: Publication, state: DeliveryState, **fields: object) -> Publication:
    """Set a state directly, as the worker would have left it."""
    Publication.objects.filter(pk=publication.pk).update(state=state, remote_id="r1", **fields)
    publication.refresh_from_db()
    return publication


def buttons(page: str, publication: Publication) -> set[str]:
    return set(re.findall(rf'href="/publications/{publication.pk}/([a-z-]+)/"', page))


@pytest.mark.parametrize("state", list(DeliveryState))
def test_a_publication_shows_its_state_and_only_what_is_safe(
    signed_in: dict[str, Client], publication: Publication, state: DeliveryState
) -> None:
    put(publication, state)
    managed = signed_in["manager"].get(f"/publications/{publication.pk}/").content.decode()
    assert str(state.label) in managed
    assert buttons(managed, publication) == BUTTONS[state]
    seen = signed_in["member"].get(f"/publications/{publication.pk}/").content.decode()
    assert buttons(seen, publication) == set()
    for deed in ("withdraw", "try-again", "it-is-there", "send-again", "drop"):
        asked = signed_in["manager"].get(f"/publications/{publication.pk}/{deed}/")
        assert asked.status_code == (200 if deed in BUTTONS[state] else 409), deed


def test_there_is_an_expectation_for_every_state() -> None:
    assert set(BUTTONS) == set(DeliveryState)


@pytest.mark.parametrize(
    ("deed", "state"), [("it-is-there", "published"), ("send-again", "scheduled"), ("drop", "dropped")]
)
def test_a_manager_decides_a_doubt_and_a_member_does_not(
    signed_in: dict[str, Client], publication: Publication, deed: str, state: str
) -> None:
    put(publication, DeliveryState.NEEDS_PERSON, in_doubt=True)
    page = f"/publications/{publication.pk}/{deed}/"
    assert signed_in["member"].post(page).status_code == 403
    publication.refresh_from_db()
    assert publication.state == DeliveryState.NEEDS_PERSON
    explained = signed_in["manager"].get(page).content.decode()
    assert "csrfmiddlewaretoken" in explained
    answer = signed_in["manager"].post(page, {"remote_url": "https://network.example/1"})
    assert answer.status_code == 302
    publication.refresh_from_db()
    assert publication.state == state
    assert signed_in["manager"].post(page).status_code == 409


def test_an_address_that_is_none_is_refused_beside_its_field(
    signed_in: dict[str, Client], publication: Publication
) -> None:
    put(publication, DeliveryState.NEEDS_PERSON)
    for wrong in ("javascript:alert(1)", "no address at all"):
        answer = signed_in["manager"].post(
            f"/publications/{publication.pk}/it-is-there/", {"remote_url": wrong}
        )
        assert answer.status_code == 422
    publication.refresh_from_db()
    assert publication.state == DeliveryState.NEEDS_PERSON


def test_an_address_from_a_network_that_is_no_web_address_is_no_link(
    signed_in: dict[str, Client], publication: Publication
) -> None:
    put(publication, DeliveryState.PUBLISHED, remote_url="javascript:alert(1)")
    assert "javascript:" not in signed_in["manager"].get(f"/publications/{publication.pk}/").content.decode()
    put(publication, DeliveryState.PUBLISHED, remote_url="https://network.example/1")
    page = signed_in["manager"].get(f"/publications/{publication.pk}/").content.decode()
    assert 'href="https://network.example/1"' in page


def test_a_refused_publication_is_tried_again_with_other_words(
    signed_in: dict[str, Client], publication: Publication
) -> None:
    put(publication, DeliveryState.REJECTED, reason="text_invalid")
    page = f"/publications/{publication.pk}/"
    assert "does not take this text" in signed_in["manager"].get(page).content.decode()
    answer = signed_in["manager"].post(page + "try-again/", {"custom_text": "Milder words"})
    new = Publication.objects.get(replaces=publication)
    assert answer.headers["Location"] == f"/publications/{new.pk}/"
    assert (new.custom_text, new.state) == ("Milder words", "scheduled")


def test_the_steps_stand_in_words_and_the_link_can_be_copied(
    signed_in: dict[str, Client], publication: Publication
) -> None:
    DeliveryStep.objects.create(
        publication=publication, from_state="sending", to_state="unknown", reason="ambiguous", attempt=1
    )
    page = signed_in["member"].get(f"/publications/{publication.pk}/").content.decode()
    assert "Not sure yet" in page and "The answer got lost" in page
    assert f"/l/{publication.link.code}" in page


def test_a_post_can_be_sent_back_withdrawn_copied_and_deleted(
    signed_in: dict[str, Client], new_post: NewPost, channel: Channel, world: World
) -> None:
    manager, post = signed_in["manager"], new_post(channel, now=True)
    note = {"version": post.version, "note": "Shorter, <b>please</b>"}
    manager.post(f"/posts/{post.pk}/send-back/", note)
    post.refresh_from_db()
    assert (post.state, post.publications.get().state) == ("draft", "draft")
    assert (
        "Shorter, &lt;b&gt;please&lt;/b&gt;" in signed_in["member"].get(f"/posts/{post.pk}/").content.decode()
    )
    copied = signed_in["member"].post(f"/posts/{post.pk}/duplicate/")
    assert copied.headers["Location"].endswith("/edit/") and str(post.pk) not in copied.headers["Location"]
    assert signed_in["member"].post(f"/posts/{post.pk}/delete/").headers["Location"] == "/posts/"
    assert signed_in["member"].get(f"/posts/{post.pk}/").status_code == 404
    other = new_post(channel, now=True)
    assert manager.get(f"/posts/{other.pk}/delete/").status_code == 409
    assert manager.post(f"/posts/{other.pk}/delete/").status_code == 409
    manager.post(f"/posts/{other.pk}/withdraw/")
    other.refresh_from_db()
    assert (other.state, other.publications.get().state) == ("withdrawn", "withdrawn")


def test_a_deed_on_a_stale_page_is_refused_with_a_sentence(
    signed_in: dict[str, Client], new_post: NewPost, channel: Channel
) -> None:
    post = new_post(channel)
    answer = signed_in["manager"].post(f"/posts/{post.pk}/approve/", {"version": post.version - 1})
    assert answer.status_code == 409 and "Somebody changed this meanwhile" in answer.content.decode()
    post.refresh_from_db()
    assert post.state == "draft"


def test_unknown_deeds_and_things_are_not_found(
    signed_in: dict[str, Client], publication: Publication
) -> None:
    manager = signed_in["manager"]
    assert manager.get(f"/posts/{publication.post_id}/explode/").status_code == 404
    assert manager.get(f"/publications/{publication.pk}/explode/").status_code == 404
    for path in ("posts", "publications", "campaigns", "codes", "posts/{}/edit"):
        address = path.format(publication.pk) if "{}" in path else f"{path}/{publication.channel_id}"
        assert manager.get(f"/{address}/").status_code == 404, path


def test_published_words_are_changed_by_managers_only(
    signed_in: dict[str, Client], publication: Publication
) -> None:
    put(publication, DeliveryState.PUBLISHED, published_at=clock.now())
    post = publication.post
    post.refresh_from_db()
    page = f"/posts/{post.pk}/words/"
    assert signed_in["member"].get(page).status_code == 403
    assert "New boots are in" in signed_in["manager"].get(page).content.decode()
    answer = signed_in["manager"].post(page, {"version": post.version, "text_en": "Corrected"}, follow=True)
    assert "cannot change what stands there" in answer.content.decode()
    assert signed_in["manager"].post(page, {"version": 0, "text_en": "Late"}).status_code == 409


def test_the_start_pages_lists_name_what_waits_and_what_goes_out(
    new_post: NewPost, channel: Channel, publication: Publication
) -> None:
    lists = {"publications": queries.goes_out_next(), "shell": {"zone": "Europe/Brussels"}}
    assert f"/posts/{publication.post_id}/" in render_to_string("publishing/parts/next_out.html", lists)
    put(publication, DeliveryState.NEEDS_PERSON)
    needs = {"publications": queries.needs_person(), "waiting": queries.waiting_for_approval()}
    page = render_to_string("publishing/parts/needs_you.html", needs | {"shell": {"zone": "Europe/Brussels"}})
    assert f"/publications/{publication.pk}/" in page and "Needs you" in page
