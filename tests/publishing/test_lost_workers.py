"""Workers that die over a publication: it goes on, ends in time or comes to a person, and never stays for ever."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import translation

from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing import actions, queries
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.reconcile import reconcile, sweep
from etalage.publishing.delivery.send import send
from etalage.publishing.models import DeliveryState, Publication
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Killed, Play

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]
HOUR = timedelta(hours=1)
LANGUAGES = ("en", "fr", "nl", "ar")


def claimed() -> Claim:
    """Taken by a worker that dies at once."""
    (claim,) = machine.claim_due(clock.now(), 1)
    return claim


@pytest.mark.parametrize("prepared", [False, True])
def test_whose_time_ends_in_a_lost_workers_hands_is_too_late(
    prepared: bool, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    end = clock.now() + timedelta(minutes=5)
    publication = new_post(scripted_channel(), now=True, expires_at=end).publications.get()
    claim = claimed()
    if prepared:
        assert machine.move(publication.pk, claim.token, DeliveryState.PREPARED)

    traveller(HOUR)
    one_round()

    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("expired", "worker_lost")
    assert not machine.move(publication.pk, claim.token, DeliveryState.SENDING)  # should its worker wake up


def test_whose_time_ends_in_doubt_in_a_lost_workers_hands_is_looked_for(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    end = clock.now() + timedelta(minutes=20)
    publication = new_post(
        scripted_channel(Mechanism.CLIENT_KEY), now=True, expires_at=end
    ).publications.get()
    play.script, play.looks = ["answer_lost"], ["blind"]
    one_round()
    traveller(timedelta(minutes=1))
    for claim in machine.claim_unknown(clock.now(), 1):
        reconcile(claim)  # the network would know it again: it is sent again, in doubt
    claimed()

    traveller(HOUR)
    publication = rounds(traveller, publication)

    assert (publication.state, publication.remote_id) == ("published", play.entries[0].remote_id)


def lose(number: int, ahead: Ahead) -> None:
    """Let so many workers die over the one that is due."""
    for _number in range(number):
        claimed()
        ahead(HOUR)
        sweep(clock.now())
        ahead(timedelta(minutes=31))


def test_what_ends_its_worker_each_time_comes_to_a_person(
    scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead, world: World
) -> None:
    end = clock.now() + timedelta(days=30)
    publication = new_post(scripted_channel(), now=True, expires_at=end).publications.get()
    lose(pace().lost - 1, traveller)
    publication.refresh_from_db()
    assert publication.state == "scheduled"

    lose(1, traveller)

    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("needs_person", "workers_lost")
    assert [row.pk for row in queries.needs_person()] == [publication.pk]
    assert len(sentences(publication)) == len(LANGUAGES)
    one_round()
    assert not publication.steps.filter(to_state="sending").exists()

    actions.send_again(publication.pk, actor=world.manager)  # a person's word begins the count anew
    lose(1, traveller)
    publication.refresh_from_db()
    assert publication.state == "scheduled"
    assert rounds(traveller, publication).state == "published"


def sentences(publication: Publication) -> set[str]:
    """What is said about it, which is never the general sentence about a doubt."""
    said = set()
    for language in LANGUAGES:
        with translation.override(language):
            sentence = str(queries.explain(publication).what_to_do)
            publication.reason, reason = "cannot_tell", publication.reason
            assert sentence != str(queries.explain(publication).what_to_do)
            publication.reason = reason
            said.add(sentence)
    return said


def test_what_ends_each_look_comes_to_a_person(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    play.script, play.looks = ["answer_lost"], ["killed"] * 100

    for _number in range(20):
        with contextlib.suppress(Killed):
            one_round()
        traveller(timedelta(minutes=11))

    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("needs_person", "workers_lost")
    assert 100 - len(play.looks) == pace().lost


def test_what_ends_each_send_comes_to_a_person(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    end = clock.now() + timedelta(days=30)
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True, expires_at=end).publications.get()
    play.script = ["killed_before"] * 100

    for _number in range(100):
        for claim in machine.claim_due(clock.now(), 1):
            with contextlib.suppress(Killed):
                send(claim)
        traveller(timedelta(minutes=31))
        sweep(clock.now())
        for claim in machine.claim_unknown(clock.now(), 1):
            reconcile(claim)

    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("needs_person", "workers_lost")
    assert 100 - len(play.script) == pace().lost
