"""How long a network takes to show what it accepted is timed on our own successes, and waited for after a doubt."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Event, Job
from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing.delivery import lag, machine, ticks
from etalage.publishing.delivery.send import send
from etalage.publishing.models import Publication, VisibilityLag
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost, one_round
from tests.publishing.scripted import Play

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
    (sample,) = VisibilityLag.objects.get(channel=publication.channel).samples
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
    while not VisibilityLag.objects.exists():
        assert time.monotonic() < end
        run_until_idle()
        time.sleep(0.02)
    (sample,) = VisibilityLag.objects.get().samples
    assert sample >= 400
    practice.order("accepted_cut")
    second = new_post(channel, now=True).publications.get()
    begun = ticks.now()
    send(*machine.claim_due(clock.now(), 1, only=second.pk))
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
