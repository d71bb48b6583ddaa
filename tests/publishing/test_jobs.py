"""Delivery as the workers run it: woken at the hour, by the schedule, and when a channel is mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from etalage.channels.actions import disconnect_channel, pause_channel, resume_channel
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job
from etalage.jobs.registry import HANDLERS, PERIODIC
from etalage.kit import clock
from etalage.publishing import actions
from etalage.publishing.delivery import crew
from tests.conftest import World
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost
from tests.publishing.scripted import Play
from tests.publishing.test_practice_delivery import marker_of

Ahead = Callable[[timedelta], None]


@pytest.mark.django_db(transaction=True)
def test_a_post_goes_out_by_its_own_job_and_not_before_its_hour(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, world: World, traveller: Ahead
) -> None:
    post = new_post(practice_channel())
    hour = clock.now() + timedelta(hours=3)
    post = actions.schedule_post(post.pk, post.version, hour, actor=world.manager)
    publication = post.publications.get()
    job = Job.objects.get(task__endswith="deliver_due")
    assert job.run_after == hour

    run_until_idle()
    assert practice.ledger().count(marker_of(publication)) == 0

    traveller(timedelta(hours=3, seconds=1))
    run_until_idle()
    publication.refresh_from_db()
    assert publication.state == "published"
    assert practice.ledger().count(marker_of(publication)) == 1


@pytest.mark.django_db
def test_a_hundred_posts_at_one_hour_need_one_job(
    scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    channel, hour = scripted_channel(), clock.now() + timedelta(hours=1)
    for _ in range(5):
        post = new_post(channel)
        actions.schedule_post(post.pk, post.version, hour, actor=world.manager)
    assert Job.objects.filter(task__endswith="deliver_due").count() == 1


@pytest.mark.django_db
def test_a_mended_channel_sends_at_once_and_a_lost_one_ends_what_waited(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    channel = scripted_channel()
    pause_channel(channel.pk, actor=world.manager)
    publication = new_post(channel, now=True).publications.get()
    run_until_idle()
    assert play.entries == []
    resume_channel(channel.pk, actor=world.manager)
    run_until_idle()
    assert play.count(publication.pk) == 1

    pause_channel(channel.pk, actor=world.manager)
    waiting = new_post(channel, now=True).publications.get()
    disconnect_channel(channel.pk, actor=world.manager)
    run_until_idle()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("withdrawn", "channel_gone")


@pytest.mark.django_db
def test_every_task_run_twice_has_the_effect_of_once(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    assert [crew.deliver(), crew.deliver(), crew.settle(), crew.settle()] == [1, 0, 0, 0]
    assert play.count(publication.pk) == 1


def test_the_schedule_knows_delivery_doubts_and_abilities() -> None:
    names = {name.rpartition(".")[2]: task.period for name, task in PERIODIC.items() if "publishing" in name}
    assert names["deliver_due"] <= timedelta(seconds=10)
    assert names["settle_doubts"] <= timedelta(seconds=10)
    assert "refresh_abilities" in names
    assert sum("publishing" in path for path in HANDLERS) >= 2
