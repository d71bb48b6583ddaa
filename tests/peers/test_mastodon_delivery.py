"""Our delivery over a real server that speaks Mastodon's API: what it accepted unheard is found, never sent twice.

The server knows no keys by which a second attempt would be recognised, and takes nothing away again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from etalage.channels.actions.leaving import tokens_of
from etalage.channels.models import Channel
from etalage.channels.queries import network_for
from etalage.kit import clock
from etalage.networks.base import Rendition
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.publishing import actions, links
from etalage.publishing.delivery import changes
from etalage.publishing.delivery.facts import delivery_of, key_of
from etalage.publishing.models import Publication
from tests.conftest import World
from tests.peers.bad_line import BadLine, bad_line
from tests.peers.killed_worker import killed_once_accepted
from tests.peers.mastodon import Person, SmallServer, allowed, connected, until
from tests.publishing.conftest import NewPost, one_round, rounds

pytestmark = pytest.mark.peers
Ahead = Callable[[timedelta], None]
CREATION = "POST /api/v1/statuses "
ALT = "A pair of red boots on white ground"


@pytest.fixture
def shop(snac: SmallServer) -> Person:
    return snac.join("lune")


@pytest.fixture
def line(snac: SmallServer) -> Iterator[BadLine]:
    with bad_line(snac.origin, CREATION) as line, allowed(line.address):
        yield line


@pytest.fixture
def channel(signed_in: dict[str, Client], shop: Person, line: BadLine) -> Channel:
    """The shop's account, connected, then reached over the bad line."""
    channel = connected(signed_in["manager"], shop)
    Channel.objects.filter(pk=channel.pk).update(base_url=line.address)
    channel.refresh_from_db()
    return channel


def standing(shop: Person, publication: Publication) -> list[dict[str, Any]]:
    """All statuses on the shop's own server that carry the publication's tracked link."""
    marker = links.address_of(publication.link)
    return [status for status in shop.statuses() if marker in status["content"]]


@pytest.mark.django_db
def test_a_planned_post_goes_out_whole_and_is_edited(
    channel: Channel, shop: Person, new_post: NewPost, red_png: bytes, world: World, traveller: Ahead
) -> None:
    post = new_post(channel, text={"en": "Red boots are in #winter"}, no_picture_reason="")
    actions.add_picture(post.pk, red_png, {"en": ALT}, actor=world.member)
    post.refresh_from_db()
    actions.schedule_post(post.pk, post.version, clock.now() + timedelta(minutes=7), actor=world.manager)
    publication = rounds(traveller, post.publications.get())

    assert publication.state == "published", (publication.reason, publication.detail)
    (status,) = standing(shop, publication)
    assert status["url"] == publication.remote_url
    assert "Red boots are in" in status["content"] and [tag["name"] for tag in status["tags"]] == ["winter"]
    assert [picture["description"] for picture in status["media_attachments"]] == [ALT]

    post.refresh_from_db()
    actions.edit_published(post.pk, post.version, {"en": "The last red boots"}, actor=world.manager)
    changes.carry_out(publication.pk)
    publication.refresh_from_db()
    assert (publication.state, publication.change, publication.change_reason) == ("published", "", "")
    (status,) = standing(shop, publication)
    assert "The last red boots" in status["content"] and "are in" not in status["content"]
    assert [picture["description"] for picture in status["media_attachments"]] == [ALT]


@pytest.mark.django_db
def test_somebody_who_is_named_in_a_post_is_told_of_it(
    channel: Channel, snac: SmallServer, shop: Person, new_post: NewPost, traveller: Ahead
) -> None:
    ada, eve = snac.join("ada"), snac.join("eve")
    post = new_post(channel, text={"en": f"Red boots, worn by @{ada.login}"}, now=True)
    publication = rounds(traveller, post.publications.get())

    assert publication.state == "published", (publication.reason, publication.detail)
    (status,) = standing(shop, publication)
    assert [named["url"] for named in status["mentions"]] == [f"{snac.origin}/{ada.login}"]
    (told,) = until(lambda: ada.call("GET", "/api/v1/notifications"))
    assert (told["type"], told["account"]["username"]) == ("mention", shop.login)
    assert told["status"]["uri"] == status["uri"]
    assert eve.call("GET", "/api/v1/notifications") == []


@pytest.mark.django_db
def test_what_this_server_cannot_take_away_is_never_said_to_be_gone(
    channel: Channel, shop: Person, new_post: NewPost, signed_in: dict[str, Client], traveller: Ahead
) -> None:
    publication = rounds(traveller, new_post(channel, now=True).publications.get())
    page, manager = f"/publications/{publication.pk}/", signed_in["manager"]

    refused = manager.post(f"{page}withdraw/")
    assert refused.status_code == 409
    assert "Delete it at the network" in refused.content.decode()

    # The same where the house thinks that it can, as of a server that was another software when it was asked.
    able = {**channel.abilities, "can_withdraw": True}
    Channel.objects.filter(pk=channel.pk).update(abilities=able)
    manager.post(f"{page}withdraw/")
    changes.carry_out(publication.pk)
    publication.refresh_from_db()
    assert (publication.state, publication.change) == ("published", "")
    assert "Delete it at the network" in manager.get(page).content.decode()
    assert len(standing(shop, publication)) == 1


@pytest.mark.django_db
def test_an_access_that_was_taken_back_pauses_the_channel_and_its_posts_wait(
    shop: Person, new_post: NewPost, signed_in: dict[str, Client], traveller: Ahead
) -> None:
    """This server refuses a token without a word."""
    channel = connected(signed_in["manager"], shop)
    assert channel.grant is not None
    _publisher, account = network_for(channel)
    assert MastodonConnector().revoke(account, tokens_of(channel.grant)) is None

    publication = new_post(channel, now=True).publications.get()
    one_round()
    publication.refresh_from_db()
    channel.refresh_from_db()
    assert (channel.state, channel.pause_reason, publication.state) == ("paused", "auth_dead", "scheduled")
    assert standing(shop, publication) == []

    assert connected(signed_in["manager"], shop) == channel
    publication = rounds(traveller, publication)
    assert publication.state == "published", (publication.reason, publication.detail)
    assert len(standing(shop, publication)) == 1


@pytest.mark.django_db
def test_an_answer_that_is_lost_makes_no_second_post(
    channel: Channel, shop: Person, line: BadLine, new_post: NewPost, traveller: Ahead
) -> None:
    post = new_post(channel, now=True)
    line.cuts = [lambda: None]

    publication = rounds(traveller, post.publications.get())

    assert line.cuts == [] and line.heard == 1  # it was cut, and nothing was sent again
    assert publication.state == "published", (publication.reason, publication.detail)
    assert [status["url"] for status in standing(shop, publication)] == [publication.remote_url]


@pytest.mark.django_db
def test_where_an_absence_cannot_be_proved_a_person_is_asked_and_nothing_is_sent_again(
    channel: Channel, shop: Person, line: BadLine, new_post: NewPost, world: World, traveller: Ahead
) -> None:
    """This server has no pages, so that what it shows may be but the end of its list."""
    shop.call("POST", "/api/v1/statuses", {"status": "Said by hand"})
    post = new_post(channel, now=True)
    line.lost = 1

    publication = rounds(traveller, post.publications.get())

    assert (line.lost, line.heard) == (0, 0)
    assert publication.state == "needs_person", (publication.reason, publication.detail)

    actions.send_again(publication.pk, actor=world.manager)
    publication = rounds(traveller, publication)
    assert publication.state == "published", (publication.reason, publication.detail)
    assert [status["url"] for status in standing(shop, publication)] == [publication.remote_url]


@pytest.mark.django_db
def test_sending_again_without_looking_would_have_made_a_second_post(
    channel: Channel, shop: Person, line: BadLine, new_post: NewPost
) -> None:
    """The naive control: the same cut, then the same once more, under the same key, which this server ignores."""
    publication = new_post(channel, now=True).publications.get()
    publisher, account = network_for(channel)
    marker = links.address_of(links.link_for_publication(publication))
    content = Rendition(f"New boots are in\n\n{marker}", "en", (), marker)
    facts = replace(delivery_of(publication, 1), idempotency_key=key_of(publication))
    line.cuts = [lambda: None]
    for _ in range(2):
        publisher.commit(account, content, facts)

    assert len(standing(shop, publication)) == 2


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_acceptance_and_record_leaves_one_post_that_is_found_again(
    channel: Channel, snac: SmallServer, shop: Person, line: BadLine, new_post: NewPost, traveller: Ahead
) -> None:
    post = new_post(channel, now=True)
    killed_once_accepted(line, snac.origin)

    publication = post.publications.get()
    assert publication.state == "sending"  # the intent is all that the worker left behind
    (status,) = standing(shop, publication)

    publication = rounds(traveller, publication)

    assert (publication.state, publication.remote_url) == ("published", status["url"])
    assert len(standing(shop, publication)) == 1
    assert line.heard == 1  # it was looked for, and nothing was sent again
