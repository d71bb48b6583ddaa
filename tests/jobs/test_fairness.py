"""Fairness: neither long work nor a crowd, nor what fails again and again, keeps other work waiting."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from etalage.jobs.models import Job, State
from etalage.jobs.registry import PERIODIC
from etalage.jobs.schedule import every
from etalage.jobs.worker import MOST_LONG, THREADS, Held, Worker
from etalage.kit import clock
from tests.jobs import work
from tests.jobs.conftest import wait_for, working

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 100_000


def all_done() -> bool:
    return not Job.objects.exclude(state=State.DONE).exists()


def holding() -> int:
    """How many long jobs run."""
    return Job.objects.filter(state=State.RUNNING, task__regex=r"\.hold(_few)?$").count()


def in_hand(worker: Worker) -> Held:
    """What a worker holds."""
    with worker._lock:
        return worker._counted()


def make_a_crowd(queue: str = "default") -> None:
    """So many jobs of one queue that are due at once, copies of one."""
    work.note.using(queue_name=queue, run_after=clock.now() - timedelta(hours=1)).enqueue("crowd")
    new_id = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    columns = [str(field.column) for field in Job._meta.concrete_fields if field.column != "id"]
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CROWD - 1})"
            f" INSERT INTO jobs_job (id, {names}) SELECT {new_id}, {names} FROM jobs_job, n"
        )
    assert Job.objects.count() == CROWD


@pytest.mark.parametrize("threads", [1, 2, THREADS])
def test_a_long_job_delays_neither_its_own_queue_nor_another(tmp_path: Path, threads: int) -> None:
    work.hold.enqueue(str(tmp_path))
    with working(threads=threads):
        try:
            wait_for(lambda: list(tmp_path.glob("held-by-*")))
            for number in range(5):
                work.note.enqueue(f"own {number}")
                work.note_elsewhere.enqueue(f"other {number}")
            wait_for(lambda: len(work.did()) == 10)
            assert holding() == 1
        finally:
            (tmp_path / "go").touch()
        wait_for(all_done)


def test_long_jobs_of_many_queues_leave_room_for_all(tmp_path: Path) -> None:
    queues = [f"long {number}" for number in range(5)]
    for queue in queues:
        for _ in range(2):
            work.hold.using(queue_name=queue).enqueue(str(tmp_path))
    with working(threads=THREADS):
        try:
            wait_for(lambda: holding() == 10)
            work.note.enqueue("not kept waiting")
            work.note.using(queue_name="long 0").enqueue("nor this")
            wait_for(lambda: sorted(work.did()) == ["nor this", "not kept waiting"])
            assert holding() == 10
        finally:
            (tmp_path / "go").touch()
        wait_for(all_done)


def test_a_queue_of_nothing_but_long_jobs_has_a_bound_and_the_threads_beside_go_again(tmp_path: Path) -> None:
    waiting = MOST_LONG + 6
    for _ in range(waiting):
        work.hold.enqueue(str(tmp_path))
    with working(threads=2) as worker:
        try:
            wait_for(lambda: holding() >= MOST_LONG)
            work.note_elsewhere.enqueue("another queue")
            wait_for(lambda: work.did() == ["another queue"])
            assert holding() <= MOST_LONG + 1
        finally:
            (tmp_path / "go").touch()
        wait_for(all_done)
        wait_for(lambda: len(worker._hands) == 2)
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.parametrize("threads", [1, 2, THREADS, 10])
def test_work_that_brings_threads_of_its_own_is_left_to_other_workers_beyond_its_bound(
    tmp_path: Path, threads: int
) -> None:
    for _ in range(7):
        work.hold_few.enqueue(str(tmp_path))
    with ExitStack() as workers:
        first, bound = workers.enter_context(working(threads=threads)), 2
        try:
            wait_for(lambda: holding() == bound)
            work.note_elsewhere.enqueue("another queue")
            wait_for(lambda: work.did() == ["another queue"])
            wait_for(lambda: in_hand(first).long.total() == bound)
            work.note.enqueue("while both are long")
            wait_for(lambda: len(work.did()) == 2)
            assert holding() == bound
            workers.enter_context(working(threads=threads))
            wait_for(lambda: holding() == 2 * bound)
            work.note.enqueue("and both workers have theirs")
            wait_for(lambda: len(work.did()) == 3)
            assert holding() == 2 * bound
        finally:
            (tmp_path / "go").touch()
        work.note_among_few.enqueue("the queue goes on")
        wait_for(all_done)
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}


def test_a_hundred_thousand_jobs_due_at_once_starve_neither_another_queue_nor_the_schedule() -> None:
    make_a_crowd()
    work.note.enqueue("last of the crowd's own queue")
    try:
        every(hours=1)(work.tick)
        with working(threads=THREADS):
            work.note_elsewhere.enqueue("another queue")
            wait_for(lambda: {"another queue", "tick"} <= set(work.did()))
            left = Job.objects.filter(state=State.WAITING, queue="default").count()
    finally:
        PERIODIC.clear()
    assert left > CROWD * 0.9
    # The control: what has no claim to go before the crowd is still behind it.
    assert "last of the crowd's own queue" not in work.did()


def test_a_worker_whose_hands_are_full_says_so_and_not_at_every_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("etalage.jobs.worker.MOST_AT_ONCE", 2)
    for _ in range(2):
        work.hang.enqueue(str(tmp_path))
    with working(threads=THREADS) as worker:
        try:
            wait_for(lambda: len(list(worker._running)) == 2)
            work.note.enqueue("waits")
            wait_for(lambda: "no more are taken" in caplog.text)
            for _ in range(10):
                worker._wake.set()
                assert not worker._hand_out()
            assert caplog.text.count("no more are taken") == 1
        finally:
            (tmp_path / "go").touch()
        wait_for(lambda: work.did() == ["waits"])


def test_rows_that_always_fail_do_not_hold_up_the_good_ones_behind_them() -> None:
    for number in range(10):
        work.fail.using(priority=5).enqueue(f"failing {number}")
    for number in range(10):
        work.note.enqueue(f"good {number}")
    with working(threads=2):
        wait_for(lambda: not Job.objects.filter(state__in=[State.WAITING, State.RUNNING]).exists())
    assert {f"good {number}" for number in range(10)} <= set(work.did())
    assert Job.objects.filter(state=State.DEAD).count() == 10


def test_a_bound_of_places_holds_while_jobs_come_and_go() -> None:
    """Never more quick jobs at once than there are places."""
    most, stop = 0, threading.Event()
    for number in range(60):
        work.note.enqueue(str(number))
    with working(threads=2) as worker:
        while not all_done():
            most = max(most, in_hand(worker).quick.total())
            stop.wait(0.005)
    assert most <= 2
