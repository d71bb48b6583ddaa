"""What is counted on the lease clock: no jump of the wall clock ends it early, and a restart of the machine ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db.models import F

from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing.delivery import machine, outcomes, ticks
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.reconcile import reconcile, sweep
from etalage.publishing.delivery.send import load, send
from etalage.publishing.models import DeliveryState, Publication
from tests.publishing.conftest import NewChannel, NewPost, one_round
from tests.publishing.scripted import Play

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]
JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)]


def doubtful(play: Play, channel: NewChannel, new_post: NewPost, face: Mechanism) -> Publication:
    """Sent, and the answer was lost."""
    publication = new_post(channel(face), now=True).publications.get()
    Publication.objects.update(expires_at=clock.now() + timedelta(days=9))
    play.script = ["answer_lost"]
    send(*machine.claim_due(clock.now(), 1))
    publication.refresh_from_db()
    assert publication.state == "unknown"
    return publication


def last_look(play: Play) -> None:
    """The last of several looks that the network did not answer."""
    play.looks = ["blind"]
    Publication.objects.update(settle_until=ticks.now(), looks=pace().looks - 1)
    reconcile(*machine.claim_unknown(clock.now(), 1))


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_lease_neither_ends_nor_lasts_because_the_wall_clock_jumped(
    jump: timedelta, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    (claim,) = machine.claim_due(clock.now(), 1)
    with time_machine.travel(clock.now() + jump):
        assert sweep(clock.now()) == 0
        assert machine.renew(claim)
        Publication.objects.update(leased_until=ticks.now() - 1)
        assert not machine.renew(claim)
    publication.refresh_from_db()
    assert publication.state == "claimed"


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_no_look_comes_early_because_the_wall_clock_jumped(
    jump: timedelta, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    doubtful(play, scripted_channel, new_post, Mechanism.READ_BACK)
    with time_machine.travel(clock.now() + jump):
        assert machine.claim_unknown(clock.now(), 5) == []
        Publication.objects.update(settle_until=ticks.now())
        assert len(machine.claim_unknown(clock.now(), 5)) == 1


def test_absence_takes_two_looks_a_settling_time_apart(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = doubtful(play, scripted_channel, new_post, Mechanism.READ_BACK)
    play.entries.clear()
    for _ in range(3):  # looks that come too soon after each other, whoever let them
        Publication.objects.update(settle_until=ticks.now())
        reconcile(*machine.claim_unknown(clock.now(), 1))
        publication.refresh_from_db()
        assert (publication.state, publication.reason) == ("unknown", "not_seen_yet")
    Publication.objects.update(settle_until=ticks.now(), absent_since=F("absent_since") - 30_001)
    reconcile(*machine.claim_unknown(clock.now(), 1))
    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("scheduled", "absent")


def test_a_look_covers_the_send_although_the_clock_ran_days_ahead_then(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = doubtful(play, scripted_channel, new_post, Mechanism.READ_BACK)
    Publication.objects.update(first_sent_at=clock.now() + timedelta(days=3), settle_until=ticks.now())
    reconcile(*machine.claim_unknown(clock.now(), 1))
    publication.refresh_from_db()
    assert publication.state == "published"


def test_after_a_restart_of_the_machine_leases_are_over_and_doubts_settle_anew(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    doubt = doubtful(play, scripted_channel, new_post, Mechanism.READ_BACK)
    held = new_post(scripted_channel(handle="other"), now=True).publications.get()
    machine.claim_due(clock.now(), 1)
    Publication.objects.update(lease_clock="an earlier start", absent_since=1)
    assert machine.claim_unknown(clock.now(), 5) == []
    assert sweep(clock.now()) == 2
    doubt.refresh_from_db()
    held.refresh_from_db()
    assert (doubt.state, doubt.absent_since, held.state) == ("unknown", None, "scheduled")
    assert doubt.settle_until is not None
    assert doubt.settle_until > ticks.now() + 20_000


def test_a_key_of_before_a_restart_is_too_old(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = doubtful(play, scripted_channel, new_post, Mechanism.IDEMPOTENCY_KEY)
    play.entries.clear()
    Publication.objects.update(lease_clock="an earlier start")
    sweep(clock.now())
    last_look(play)
    publication.refresh_from_db()
    assert publication.state == "unknown"  # and not "scheduled" again


def test_what_was_to_be_sent_again_with_its_key_is_looked_for_when_the_machine_was_restarted_meanwhile(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = doubtful(play, scripted_channel, new_post, Mechanism.IDEMPOTENCY_KEY)
    play.entries.clear()
    last_look(play)
    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("scheduled", "known_again")
    Publication.objects.update(lease_clock="an earlier start", safe_until=2**60)
    send(*machine.claim_due(clock.now(), 1))
    publication.refresh_from_db()
    assert (publication.state, publication.reason, play.entries) == ("unknown", "key_too_old", [])


def test_a_key_is_no_younger_because_the_wall_clock_went_back(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = doubtful(play, scripted_channel, new_post, Mechanism.IDEMPOTENCY_KEY)
    work = load(Claim(publication.pk, publication.token))
    assert work
    assert outcomes.knows_again(work.publication, work.abilities)
    work.publication.first_tick -= ticks.millis(timedelta(minutes=26))  # of 30, five sixths are trusted
    with time_machine.travel(clock.now() - timedelta(days=1)):
        assert not outcomes.knows_again(work.publication, work.abilities)


@pytest.mark.parametrize("answer", ["rejected", "not_accepted", "token_dead", "lost"])
def test_of_what_a_worker_hears_after_its_lease_only_an_acceptance_is_written(
    answer: str, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    (claim,) = machine.claim_due(clock.now(), 1)
    play.script = [answer]
    play.meanwhile = lambda: Publication.objects.update(leased_until=ticks.now() - 1) and None
    send(claim)
    publication.refresh_from_db()
    assert publication.state == "sending"
    assert publication.channel.state == "active"
    sweep(clock.now())
    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("unknown", "worker_lost")
    assert machine.accept(claim, "post-7", "")
    publication.refresh_from_db()
    assert (publication.state, publication.remote_id) == ("published", "post-7")


def test_nothing_is_sent_with_less_of_the_lease_left_than_a_request_may_take(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stood still between the intent and the send: seen by its own clock, before the first byte."""
    publication = new_post(scripted_channel(), now=True).publications.get()
    (claim,) = machine.claim_due(clock.now(), 1)
    stood = (pace().lease - pace().request).total_seconds() + 1
    true, frozen = ticks.seconds, [0.0]
    monkeypatch.setattr(ticks, "seconds", lambda: true() + frozen[0])
    move = machine.move

    def freeze(*args: object, **fields: object) -> bool:
        done = move(*args, **fields)  # type: ignore[arg-type]
        frozen[0] = stood if args[2] == DeliveryState.SENDING else 0.0
        return done

    monkeypatch.setattr(machine, "move", freeze)
    send(claim)
    publication.refresh_from_db()
    assert (publication.state, publication.reason, play.entries) == ("scheduled", "stood_still", [])


def test_what_a_clock_that_ran_ahead_put_off_goes_out_at_its_hour(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    Publication.objects.update(expires_at=clock.now() + timedelta(days=9))
    play.script = ["not_accepted"]
    with time_machine.travel(clock.now() + timedelta(days=1)):
        send(*machine.claim_due(clock.now(), 1))
    one_round()
    publication.refresh_from_db()
    assert publication.state == "published"
