"""A network that answers slowly holds up its own posts, and no others."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import connections
from pytest_django import Settings

from etalage.jobs.lease import Lease, holding
from etalage.jobs.models import Job
from etalage.jobs.registry import most_at_once
from etalage.jobs.worker import MOST_LONG
from etalage.kit import clock
from etalage.publishing.delivery import crew, machine
from etalage.publishing.delivery.pace import Pace
from etalage.publishing.delivery.send import send
from etalage.publishing.models import Publication
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost

SLOW_S = 12.0
T = TypeVar("T")


def work(round_of_work: Callable[[], T]) -> Future[T]:
    """A round in a thread of its own, as in a worker."""

    def run() -> T:
        try:
            return round_of_work()
        finally:
            connections.close_all()

    with_hands = ThreadPoolExecutor(1)
    try:
        return with_hands.submit(run)
    finally:
        with_hands.shutdown(wait=False)


def until(publication: Publication, *states: str) -> None:
    end = time.monotonic() + 60
    while publication.state not in states:
        assert time.monotonic() < end, publication.state
        time.sleep(0.02)
        publication.refresh_from_db()


def slow_post(practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost) -> Publication:
    """A post that is due, on a channel of its own that its network is slow to answer."""
    channel = practice_channel()
    practice.order("slow", account=channel.handle, seconds=SLOW_S)
    return new_post(channel, now=True).publications.get()


def two_posts(
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    start: Callable[[], Future[T]],
) -> tuple[Publication, Publication, Future[T]]:
    """One that its network is slow to answer, in work; and one on another channel, due since."""
    held, quick = slow_post(practice, practice_channel, new_post), practice_channel()
    round_of_work = start()
    until(held, "sending")
    return held, new_post(quick, now=True).publications.get(), round_of_work


@pytest.mark.django_db(transaction=True)
def test_while_one_network_is_slow_the_others_get_their_posts(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, settings: Settings
) -> None:
    settings.DELIVERY_PACE = {"shift": timedelta(seconds=0.1)}  # which is over when the second post is due
    held, other, round_of_work = two_posts(practice, practice_channel, new_post, lambda: work(crew.deliver))
    until(other, "published")
    held.refresh_from_db()
    assert held.state == "sending"
    assert round_of_work.result(60) == 2
    held.refresh_from_db()
    assert held.state == "published"


@pytest.mark.django_db(transaction=True)
def test_the_naive_way_takes_nothing_more_before_all_is_done(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    """The control: whoever takes, and waits for what was taken, leaves the second post lying."""

    def naive() -> None:
        hands = crew.Crew(send, 20)
        hands.hand_out(machine.claim_due(clock.now(), 20))
        hands.end()

    held, other, round_of_work = two_posts(practice, practice_channel, new_post, lambda: work(naive))
    round_of_work.result(60)
    held.refresh_from_db()
    other.refresh_from_db()
    assert (held.state, other.state) == ("published", "scheduled")


@pytest.mark.django_db(transaction=True)
def test_the_last_free_hand_of_a_round_goes_on_while_slow_networks_hold_all_others(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, settings: Settings
) -> None:
    settings.DELIVERY_PACE = {"hands": 8}  # a quarter of which is the least that is claimed for otherwise
    held = [slow_post(practice, practice_channel, new_post) for _ in range(7)]
    round_of_work = work(crew.deliver)
    for publication in held:
        until(publication, "sending")
    until(new_post(practice_channel(), now=True).publications.get(), "published")
    for publication in held:
        publication.refresh_from_db()
        assert publication.state == "sending"
    assert round_of_work.result(60) == 8


@pytest.mark.django_db(transaction=True)
def test_a_round_that_was_given_to_another_worker_takes_nothing_more(
    practice_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(practice_channel(), now=True).publications.get()
    lease = Lease(job_id=uuid4(), token=1, length=60, time_limit=60, lost=True)
    with holding(lease):
        assert crew.deliver() == 0
    publication.refresh_from_db()
    assert publication.state == "scheduled"
    lease.lost = False
    with holding(lease):
        assert crew.deliver() == 1


@pytest.mark.django_db
def test_looks_and_wishes_of_people_do_not_stand_in_line_behind_slow_posts(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    """A worker lets only so many long jobs of one queue run at once."""
    from etalage.publishing.tasks import change_remote, deliver_due, settle_doubts

    assert len({one.queue_name for one in (deliver_due, settle_doubts, change_remote)}) == 3
    new_post(scripted_channel(), now=True)
    assert Job.objects.get(task=deliver_due.module_path).queue == deliver_due.queue_name


def test_a_worker_has_few_rounds_at_once_because_each_hand_has_a_connection_to_the_database() -> None:
    """Two of sending and two of looks, with the thread of each: less than the hundred that PostgreSQL gives."""
    from etalage.publishing.tasks import deliver_due, settle_doubts

    rounds = sum(most_at_once(one.queue_name) or MOST_LONG for one in (deliver_due, settle_doubts))
    assert rounds * (Pace().hands + 1) < 90
