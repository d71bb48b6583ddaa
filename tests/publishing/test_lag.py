"""How long a network takes to show what it accepted is timed on our own successes, and waited for after a doubt."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Event, Job, State
from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing.delivery import lag, machine, ticks
from etalage.publishing.delivery.send import send
from etalage.publishing.models import Publication, VisibilityLag
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Play

Ahead = Callable[[timedelta], None]
KNOWING = [face for face in Mechanism if face is not Mechanism.NONE]


@given(samples=st.lists(st.integers(0, 10**6), max_size=1200))
def test_the_percentile_leaves_out_one_of_a_thousand_at_most(samples: list[int]) -> None:
    found = lag.percentile(samples)
    assert found in [*samples, 0]
    assert sum(sample > found for sample in samples) <= len(samples) // 1000


@pytest.mark.django_db
@pytest.mark.parametrize("face", KNOWING)
def test_a_success_that_shows_at_once_is_a_sample(
    face: Mechanism, practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(practice_channel(face), now=True).publications.get()
    one_round()
    ((_name, sample),) = VisibilityLag.objects.get(channel=publication.channel).samples
    assert 0 <= sample < 10_000
    assert lag.measured_settle(publication.channel_id) == 5 * sample


@pytest.mark.django_db
def test_what_shows_late_is_looked_for_again_and_the_next_doubt_waits_five_times_as_long(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, settings: Settings
) -> None:
    """The network shows nothing for 0.4 s and says that 0.01 s are enough."""
    settings.DELIVERY_PACE = {"least_settle": timedelta(0)}
    channel = practice_channel(Mechanism.READ_BACK, lag=0.4, settle=0.01)
    new_post(channel, now=True)
    one_round()
    end = time.monotonic() + 30
    while Job.objects.filter(task__endswith="time_showing").exclude(state=State.DONE).exists():
        assert time.monotonic() < end
        run_until_idle()
        time.sleep(0.02)
    ((_name, sample),) = VisibilityLag.objects.get().samples
    assert sample >= 400
    practice.order("accepted_cut")
    second = new_post(channel, now=True).publications.get()
    begun = ticks.now()
    send(*machine.claim_due(clock.now(), 1))
    second.refresh_from_db()
    assert second.state == "unknown"
    assert second.settle_until is not None
    assert second.settle_until - begun >= 5 * sample


@pytest.mark.django_db
def test_where_nothing_can_be_looked_for_nothing_is_timed(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    new_post(practice_channel(Mechanism.NONE), now=True)
    one_round()
    assert not VisibilityLag.objects.exists()
    assert not Job.objects.filter(task__endswith="time_showing").exists()


@pytest.mark.django_db
def test_after_enough_samples_one_is_taken_now_and_then(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, settings: Settings
) -> None:
    settings.DELIVERY_PACE = {"lag_samples": 2}
    channel = scripted_channel()
    for _ in range(4):
        new_post(channel, now=True)
        one_round()
    assert len(VisibilityLag.objects.get().samples) == 2
    VisibilityLag.objects.update(taken_at=clock.now() - timedelta(minutes=11))
    new_post(channel, now=True)
    one_round()
    assert len(VisibilityLag.objects.get().samples) == 3


@pytest.mark.django_db
def test_a_look_that_breaks_harms_no_success(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    play.looks = ["blind"]
    one_round()
    publication.refresh_from_db()
    assert publication.state == "published"
    assert not VisibilityLag.objects.exists()


@pytest.mark.django_db
def test_another_id_seen_for_our_marker_is_an_alarm(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(practice_channel(Mechanism.READ_BACK), now=True).publications.get()
    one_round()
    Publication.objects.update(remote_id="1")
    assert lag.sample(publication.pk, 0) is None
    assert Event.objects.filter(name__endswith="PublicationDoubled").count() == 1


@pytest.mark.django_db
def test_a_network_that_shows_nothing_for_half_an_hour_is_not_taken_at_its_word(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    """It states thirty seconds: two looks that are so far apart and find nothing prove nothing."""
    play.lag = timedelta(minutes=30)
    channel = scripted_channel(Mechanism.READ_BACK)
    shown_late = new_post(channel, now=True).publications.get()
    one_round()
    looks: int | None = 1
    while looks is not None:
        traveller(timedelta(milliseconds=250) * 2 ** (looks - 1))
        looks = lag.sample(shown_late.pk, looks)
    assert len(VisibilityLag.objects.get().samples) == 1
    assert lag.measured_settle(channel.pk) > ticks.millis(timedelta(minutes=80))

    play.script = ["answer_lost"]
    doubtful = rounds(traveller, new_post(channel, now=True).publications.get())
    assert (doubtful.state, play.count(doubtful.pk)) == ("published", 1)


@pytest.mark.django_db
def test_what_a_success_was_not_seen_for_counts_while_it_is_still_looked_for(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    play.lag = timedelta(days=7)
    channel = scripted_channel(Mechanism.READ_BACK)
    publication = new_post(channel, now=True).publications.get()
    one_round()
    traveller(timedelta(minutes=2))
    assert lag.sample(publication.pk, 1) == 2
    assert lag.measured_settle(channel.pk) >= 5 * 120_000
    traveller(timedelta(days=2))  # this machine slept: the network did not need two days
    lag.sample(publication.pk, 2)
    assert lag.measured_settle(channel.pk) < ticks.millis(timedelta(minutes=90))


@pytest.mark.django_db
def test_a_success_that_never_showed_is_forgotten_after_many_that_did(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead, settings: Settings
) -> None:
    """Somebody deleted it at the network before it was seen: that tells nothing about the network."""
    channel = scripted_channel(Mechanism.READ_BACK)
    play.lag = timedelta(days=7)
    gone = new_post(channel, now=True).publications.get()
    one_round()
    looks: int | None = 1
    while looks is not None:
        traveller(timedelta(milliseconds=250) * 2 ** (looks - 1))
        looks = lag.sample(gone.pk, looks)
    minutes = ticks.millis(timedelta(minutes=80))
    assert lag.measured_settle(channel.pk) > minutes

    known = VisibilityLag.objects.get()
    known.samples += [[f"other-{number}", 40] for number in range(lag.KEPT - 2)]
    known.save()
    assert lag.measured_settle(channel.pk) > minutes  # one of 999
    play.lag = timedelta(0)
    known.samples += [["another", 40]]
    known.save()
    assert lag.measured_settle(channel.pk) == lag.TIMES * 40
