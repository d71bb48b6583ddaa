"""The wall clock jumps, or the season changes it: no lease moves, nothing runs twice, nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from etalage.jobs import RetryAt, enqueue_once
from etalage.jobs.actions import retry_job
from etalage.jobs.claim import claim, due_lanes
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, Schedule, State
from etalage.jobs.registry import PERIODIC
from etalage.jobs.schedule import enqueue_due, every
from etalage.jobs.setback import Wallclock, bring_forward
from etalage.jobs.settle import bury, complete, fail, postpone, reclaim
from etalage.kit import clock
from tests.jobs import work
from tests.jobs.conftest import wait_for, working

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = [HOUR, -HOUR, DAY, -DAY]
SUMMER_ENDS = datetime(2026, 10, 24, 12, tzinfo=UTC)  # in Brussels, in the night that follows
SUMMER_BEGINS = datetime(2026, 3, 28, 12, tzinfo=UTC)


@pytest.fixture
def schedule() -> Iterator[None]:
    """The test's own schedule, gone afterwards."""
    yield
    PERIODIC.clear()


def looks(moments: list[datetime]) -> int:
    """How many jobs a scheduler enqueues that looks at these moments; each is done at once."""
    fired = 0
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            fired += enqueue_due()
            run_until_idle(raising=False)
    return fired


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("jump", JUMPS)
def test_a_running_job_keeps_its_lease_and_runs_once(tmp_path: Path, jump: timedelta) -> None:
    work.hold.enqueue(str(tmp_path))
    with working(threads=1):
        try:
            wait_for(lambda: list(tmp_path.glob("held-by-*")))
            with time_machine.travel(clock.now() + jump):
                assert reclaim() == 0
                work.note.enqueue("in the other time")
                wait_for(lambda: work.did() == ["in the other time"])
                assert reclaim() == 0
                assert Job.objects.get(task__endswith=".hold").token == 1
        finally:
            (tmp_path / "go").touch()
        wait_for(lambda: not Job.objects.exclude(state=State.DONE).exists())
    assert set(Job.objects.values_list("attempts", "token")) == {(1, 1)}


@pytest.mark.django_db
@pytest.mark.parametrize("jump", [-HOUR, -DAY])
def test_what_was_to_be_done_at_once_does_not_wait_for_the_old_time_to_come_again(jump: timedelta) -> None:
    watch = Wallclock()
    assert watch.look() == 0
    work.note.enqueue("at once")
    assert watch.look() == 0
    with time_machine.travel(clock.now() + jump):
        assert due_lanes() == []  # this is what would be waited for
        assert watch.look() == 1
        assert run_until_idle() == 1
        assert watch.look() == 0


@pytest.mark.django_db
def test_a_worker_that_starts_after_the_clock_was_set_back_looks_too() -> None:
    work.note.enqueue("at once")
    with time_machine.travel(clock.now() - DAY):
        assert Wallclock().look() == 1
        assert run_until_idle() == 1


@pytest.mark.django_db
def test_a_job_between_two_attempts_keeps_its_rest_and_not_more() -> None:
    work.fail_slowly.enqueue()
    (job,) = claim(due_lanes()[0], "w", 1)
    fail(job, ValueError("not yet"))
    rest = Job.objects.get().run_after - clock.now()
    with time_machine.travel(clock.now() - DAY, tick=False):
        assert bring_forward(clock.now()) == 1
        assert abs(Job.objects.get().run_after - clock.now() - rest) < timedelta(seconds=5)
        assert bring_forward(clock.now()) == 0  # another worker looks as well


def a_failure(job: Job) -> None:
    fail(job, ValueError("not yet"))


def a_person_who_tries_it_again(job: Job) -> None:
    bury(job, ValueError("the end"))
    retry_job(job.pk)


def a_worker_that_starts_after_a_crash(job: Job) -> None:
    Job.objects.update(lease_clock="of an earlier boot")
    assert reclaim() == 1


def an_end_of_what_was_asked_for_again(job: Job) -> None:
    assert not enqueue_once(work.fail_slowly, "k")
    complete(job, None)


def an_attempt_that_does_not_count(job: Job) -> None:
    postpone(job, RetryAt(clock.now()), clock.now() + timedelta(seconds=40), counted=False)


PUT_OFF = [
    (a_failure, 100),
    (a_person_who_tries_it_again, 0),
    (a_worker_that_starts_after_a_crash, 1),
    (an_end_of_what_was_asked_for_again, 0),
    (an_attempt_that_does_not_count, 40),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("happens", "longest"), PUT_OFF)
def test_what_was_taken_before_the_clock_ran_ahead_and_put_off_meanwhile_does_not_wait_for_that_time(
    happens: Callable[[Job], None], longest: float
) -> None:
    enqueue_once(work.fail_slowly, "k")
    (job,) = claim(due_lanes()[0], "w", 1)
    with time_machine.travel(clock.now() + DAY, tick=False):
        happens(job)
        rest = Job.objects.get().run_after - clock.now()
    assert timedelta() <= rest <= timedelta(seconds=longest)
    with time_machine.travel(clock.now(), tick=False):
        assert bring_forward(clock.now()) == 1
        assert Job.objects.get().run_after == clock.now() + rest
        assert bring_forward(clock.now()) == 0  # another worker looks as well


@pytest.mark.django_db
def test_what_rests_before_its_first_run_rests_no_longer_when_the_clock_is_set_back() -> None:
    """The sums of a day are made a second after a sale, so that sales that come together are summed together."""
    with time_machine.travel(clock.now() + DAY, tick=False):
        enqueue_once(work.note, "rebuild", "sums", run_after=timedelta(seconds=1))
    with time_machine.travel(clock.now(), tick=False):
        assert Wallclock().look() == 1
        assert Job.objects.get().run_after == clock.now() + timedelta(seconds=1)


@pytest.mark.django_db
def test_a_moment_of_the_shop_that_was_set_while_the_clock_ran_ahead_is_waited_for() -> None:
    moment = clock.now() + 3 * DAY
    with time_machine.travel(clock.now() + DAY):
        enqueue_once(work.note, "due", "the post is due", run_after=moment)
        enqueue_once(work.note, "sooner", "asked for sooner", run_after=timedelta(days=9))
        enqueue_once(work.note, "sooner", "asked for sooner", run_after=moment)
    assert Wallclock().look() == 0
    assert set(Job.objects.values_list("run_after", flat=True)) == {moment}


@pytest.mark.django_db
def test_what_waits_for_a_moment_and_is_asked_for_at_once_does_not_wait_when_the_clock_is_set_back() -> None:
    with time_machine.travel(clock.now() + DAY):
        enqueue_once(work.note, "k", "x", run_after=clock.now() + 3 * DAY)
        enqueue_once(work.note, "k", "x")
    assert Wallclock().look() == 1
    assert run_until_idle() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("jump", JUMPS)
def test_a_job_for_a_moment_of_the_shop_waits_for_that_moment(jump: timedelta) -> None:
    moment = clock.now() + timedelta(days=3)
    work.note.using(run_after=moment).enqueue("the reservation ends")
    watch = Wallclock()
    watch.look()
    with time_machine.travel(clock.now() + jump):
        assert watch.look() == 0
        assert run_until_idle() == 0
    with time_machine.travel(moment):
        assert run_until_idle() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("jump", JUMPS)
def test_the_schedule_fires_once_at_most_for_a_span_that_was_jumped_over(
    schedule: None, jump: timedelta
) -> None:
    every(minutes=10)(work.tick)
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert looks([noon]) == 1
    there = [noon + jump, noon + jump + timedelta(minutes=1)]
    assert looks(there) == (1 if jump > timedelta() else 0)
    assert looks([noon + jump + timedelta(minutes=11)]) == 1
    back = [noon + timedelta(minutes=12), noon + timedelta(minutes=13)]
    assert looks(back) <= 1
    assert Schedule.objects.get().next_at <= back[-1] + timedelta(minutes=10)
    assert looks([noon + timedelta(minutes=24)]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("start", [SUMMER_ENDS, SUMMER_BEGINS])
def test_a_change_of_season_neither_skips_nor_doubles_a_period(schedule: None, start: datetime) -> None:
    every(hours=1)(work.tick)
    assert looks([start + timedelta(minutes=10 * step) for step in range(24 * 6)]) == 24
