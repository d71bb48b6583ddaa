"""What staff see and may do: queues, failed jobs, retry and drop; live changes; housekeeping."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from etalage.jobs import enqueue_many, enqueue_once
from etalage.jobs.actions import KEEP_DONE, KEEP_EVENTS, KEEP_LIVE, drop_job, prune, retry_job
from etalage.jobs.idle import run_until_idle
from etalage.jobs.live import tell
from etalage.jobs.models import Event, Job, LiveChange, State
from etalage.jobs.outbox import announce
from etalage.jobs.queries import (
    LiveTail,
    QueueState,
    failed_count,
    failed_jobs,
    jobs_in,
    last_live_id,
    live_changes_after,
    queue_states,
)
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.ids import uuid7
from tests.jobs import work

pytestmark = pytest.mark.django_db


def dead_job() -> Job:
    work.give_up.enqueue()
    run_until_idle(raising=False)
    return Job.objects.get(state=State.DEAD)


def test_a_failed_job_stays_to_be_seen_and_may_be_run_again() -> None:
    job = dead_job()
    assert failed_jobs() == [job]
    assert failed_count() == 1
    retry_job(job.pk)
    again = Job.objects.get()
    assert (again.state, again.attempts, again.token) == (State.WAITING, 0, 1)
    assert run_until_idle(raising=False) == 1


def test_a_failed_job_may_be_dropped() -> None:
    drop_job(dead_job().pk)
    assert Job.objects.count() == 0


def test_a_job_that_is_not_failed_is_neither_run_again_nor_dropped() -> None:
    work.note.enqueue("x")
    (job,) = jobs_in(State.WAITING)
    for act in (retry_job, drop_job):
        with pytest.raises(Refusal):
            act(job.pk)
        with pytest.raises(Refusal):
            act(uuid7())
    assert jobs_in(State.WAITING) == [job]


def test_lists_are_read_page_by_page_with_one_query_each() -> None:
    enqueue_many(work.note, [[str(number)] for number in range(7)])
    with CaptureQueriesContext(connection) as queries:
        pages = [jobs_in(State.WAITING, size=3)]
        while pages[-1]:
            pages.append(jobs_in(State.WAITING, after=pages[-1][-1].pk, size=3))
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert len(queries) == 4
    assert len({job.pk for page in pages for job in page}) == 7


def test_queues_are_counted_in_one_query() -> None:
    dead_job()
    work.note.enqueue("due")
    work.note.using(run_after=clock.now() + timedelta(days=1)).enqueue("later")
    work.note_elsewhere.enqueue("other")
    with CaptureQueriesContext(connection) as queries:
        states = queue_states()
    assert len(queries) == 1
    default, other = states
    assert (default.waiting, default.due, default.running, default.dead) == (2, 1, 0, 1)
    assert default.due_since is not None
    assert isinstance(other, QueueState)
    assert other.due == 1


def test_housekeeping_removes_what_has_served_and_keeps_the_rest() -> None:
    dead = dead_job()
    announce(work.Sold(uuid7(), 1))
    announce(work.Sold(uuid7(), -1))
    announce(work.Unheard("x"))
    run_until_idle(raising=False)
    tell("calendar")
    work.note.enqueue("waits")
    assert prune() == 0
    assert prune(clock.now() + KEEP_LIVE + timedelta(minutes=1)) > 0
    assert LiveChange.objects.count() == 0
    prune(clock.now() + KEEP_DONE + timedelta(minutes=1))
    assert Event.objects.count() == 3
    prune(clock.now() + KEEP_EVENTS + timedelta(minutes=1))
    assert Event.objects.count() == 1  # its handler failed: the reason can still be seen, and tried again
    assert set(Job.objects.values_list("state", flat=True)) == {State.DEAD, State.WAITING}
    assert dead in failed_jobs()


def test_what_fails_again_and_again_for_the_same_thing_stays_once() -> None:
    """A network whose token nobody can read any more is asked every few minutes, for weeks."""
    for key in ("one", "one", "other", "one", "", ""):
        enqueue_once(work.give_up, key) if key else work.give_up.enqueue()
        run_until_idle(raising=False)
    latest = Job.objects.filter(key="one").latest("finished_at")
    assert Job.objects.filter(state=State.DEAD).count() == 6
    assert prune() == 2
    assert Job.objects.filter(key="one").get() == latest
    assert Job.objects.filter(state=State.DEAD).count() == 4


def fail_for(keys: int, times: int) -> None:
    """So many things, of which each failed so often."""
    now, work_of = clock.now(), {"task": "tests.jobs.work.note", "queue": "default", "state": State.DEAD}
    Job.objects.bulk_create(
        Job(
            **work_of,
            key=f"{number % keys}",
            finished_at=now + timedelta(seconds=number),
            max_attempts=1,
            backoff=1,
            lease_seconds=60,
        )
        for number in range(keys * times)
    )


def steps_of_pruning() -> int:
    """How many thousands of steps SQLite takes to prune, however quick the machine is."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.connection.set_progress_handler(count, 1000)
    try:
        prune()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return steps


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite counts its steps")
def test_pruning_four_times_as_many_failures_takes_about_four_times_as_long() -> None:
    fail_for(keys=200, times=2)
    few = steps_of_pruning()
    Job.objects.all().delete()
    fail_for(keys=800, times=2)
    assert 0 < steps_of_pruning() < 8 * few
    assert Job.objects.count() == 800


def test_failed_jobs_are_searched_before_they_are_deleted_not_meanwhile() -> None:
    fail_for(keys=3, times=400)
    with CaptureQueriesContext(connection) as queries:
        assert prune() == 3 * 399
    deletes = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
    doubles = [sql for sql in deletes if "dead" in sql]
    assert len(doubles) == 3  # short ones
    assert not any("SELECT" in sql for sql in doubles)
    assert set(Job.objects.values_list("key", flat=True)) == {"0", "1", "2"}


def test_live_changes_are_told_with_the_transaction_and_read_in_order() -> None:
    start = last_live_id()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell("inbox")
        raise ZeroDivisionError
    tell("calendar")
    tell("results")
    assert [name for _, name in live_changes_after(start)] == ["calendar", "results"]
    assert live_changes_after(last_live_id()) == []


def test_a_listener_hears_each_change_once_also_one_committed_late() -> None:
    tell("before")
    tail = LiveTail()
    LiveChange.objects.create(pk=last_live_id() + 5, name="calendar")
    assert tail.names() == ["calendar"]
    LiveChange.objects.create(pk=last_live_id() - 2, name="late")
    tell_twice = LiveChange.objects.create(pk=last_live_id() + 1, name="calendar")
    LiveChange.objects.create(pk=tell_twice.pk + 1, name="calendar")
    assert tail.names() == ["late", "calendar"]
    assert tail.names() == []
