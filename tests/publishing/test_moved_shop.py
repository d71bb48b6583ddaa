"""The shop's public address changes while something is in doubt: it is looked for as it was sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from etalage.networks.base import Mechanism
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Play
from tests.publishing.test_practice_delivery import marker_of

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]
NEW = "https://moved.example"


@pytest.mark.parametrize("mechanism", [Mechanism.READ_BACK, Mechanism.IDEMPOTENCY_KEY])
def test_what_was_in_doubt_stands_there_once(
    mechanism: Mechanism,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
    settings: Settings,
) -> None:
    publication = new_post(scripted_channel(mechanism), now=True).publications.get()
    play.script = ["answer_lost"]
    one_round()

    settings.PUBLIC_ADDRESS = NEW
    publication = rounds(traveller, publication)

    assert (publication.state, play.count(publication.pk)) == ("published", 1)


def test_the_practice_network_has_it_once_too(
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
    settings: Settings,
) -> None:
    publication = new_post(practice_channel(Mechanism.READ_BACK), now=True).publications.get()
    marker = marker_of(publication)
    practice.order("accepted_cut")
    one_round()

    settings.PUBLIC_ADDRESS = NEW
    publication = rounds(traveller, publication)

    (entry,) = practice.ledger().by_marker(marker)
    assert (publication.state, publication.remote_id) == ("published", entry["id"])
    assert practice.ledger().count(marker_of(publication)) == 0


def test_a_second_attempt_under_the_same_key_says_the_same_as_the_first(
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
    settings: Settings,
) -> None:
    """The network may show either of them, and one look must know both."""
    publication = new_post(scripted_channel(Mechanism.CLIENT_KEY), now=True).publications.get()
    old = marker_of(publication)
    play.script, play.looks = ["lost"], ["blind"]
    one_round()

    settings.PUBLIC_ADDRESS = NEW
    assert rounds(traveller, publication).state == "published"

    (entry,) = play.entries
    assert entry.marker == old and old in entry.text


def test_what_surely_does_not_stand_there_goes_out_under_the_new_address(
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
    settings: Settings,
) -> None:
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    play.script = ["lost"]
    one_round()

    settings.PUBLIC_ADDRESS = NEW
    assert rounds(traveller, publication).state == "published"

    (entry,) = play.entries
    assert entry.marker.startswith(NEW) and entry.marker in entry.text
    publication.refresh_from_db()
    assert publication.marker == entry.marker
