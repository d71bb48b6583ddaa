"""Delivery over the real practice network: published exactly once, whatever became of the answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from etalage.channels.queries import network_for
from etalage.networks.base import Accepted, Mechanism, Unknown
from etalage.publishing import actions, links, renditions
from etalage.publishing.delivery.send import delivery_of
from etalage.publishing.models import Publication
from tests.conftest import World
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]

KNOWING = [Mechanism.IDEMPOTENCY_KEY, Mechanism.CLIENT_KEY, Mechanism.TWO_PHASE, Mechanism.READ_BACK]
LOST_ANSWERS = [
    "lost_before",
    "accepted_cut",
    "accepted_500",
    "accepted_nonsense",
    "accepted_empty",
    "error_before",
]


def marker_of(publication: Publication) -> str:
    return links.address_of(publication.link)


@pytest.mark.parametrize("fault", LOST_ANSWERS)
@pytest.mark.parametrize("face", KNOWING)
def test_a_post_is_published_exactly_once_when_the_answer_is_lost(
    face: Mechanism,
    fault: str,
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
) -> None:
    post = new_post(practice_channel(face), now=True)
    practice.order(fault)

    publication = rounds(traveller, post.publications.get())

    assert publication.state == "published", publication.reason
    (entry,) = practice.ledger().by_marker(marker_of(publication))
    assert entry["id"] == publication.remote_id


@pytest.mark.parametrize("fault", ["accepted_cut", "lost_before"])
def test_a_network_that_gives_no_way_to_know_asks_a_person_and_sends_nothing_more(
    fault: str, practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    post = new_post(practice_channel(Mechanism.NONE), now=True)
    practice.order(fault)

    publication = rounds(traveller, post.publications.get())

    assert publication.state == "needs_person"
    assert practice.ledger().count(marker_of(publication)) == (fault == "accepted_cut")


def test_the_naive_way_publishes_twice_so_that_the_ledger_can_see_it(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    """The control: who takes a lost answer for a failure and sends again stands there twice."""
    post = new_post(practice_channel(Mechanism.READ_BACK))
    publication = post.publications.select_related("channel__grant", "post").get()
    link = links.link_for_publication(publication)
    publisher, account = network_for(publication.channel)
    content = renditions.render(renditions.check(publication, links.address_of(link)))
    practice.order("accepted_cut")

    for attempt in (1, 2):
        outcome = publisher.commit(account, content, delivery_of(publication, attempt))
        if not isinstance(outcome, Unknown):
            break

    assert isinstance(outcome, Accepted)
    assert practice.ledger().count(marker_of(publication)) == 2


def test_what_shows_late_is_waited_for_and_not_sent_again(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, settings: Settings
) -> None:
    """In real time: the network shows nothing for 0.3 s and says that 2.6 s are enough."""
    settings.DELIVERY_PACE = {"least_settle": timedelta(0)}
    publication = new_post(practice_channel(Mechanism.READ_BACK, lag=0.3), now=True).publications.get()
    practice.order("accepted_cut")
    end = time.monotonic() + 20
    while publication.state != "published" and time.monotonic() < end:
        one_round()
        publication.refresh_from_db()
        time.sleep(0.05)
    assert publication.state == "published"
    assert publication.attempt == 1
    assert practice.ledger().count(marker_of(publication)) == 1


def test_pictures_reach_the_network_fitted_and_described(
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    red_png: bytes,
    traveller: Ahead,
    world: World,
) -> None:
    post = new_post(practice_channel(language="ar"))
    actions.add_picture(post.pk, red_png, {"en": "A red boot", "ar": "حذاء أحمر"}, actor=world.member)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)

    publication = rounds(traveller, post.publications.get())

    (entry,) = practice.ledger().by_marker(marker_of(publication))
    assert entry["alts"] == ["A red boot"]
    assert publication.remote_url.startswith(practice.base_url)
    assert sorted(publication.parts.values_list("name", flat=True)) == ["picture-0"]
