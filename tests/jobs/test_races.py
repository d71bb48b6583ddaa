"""What happens between two transactions, and when the database goes away in the middle."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from etalage.jobs import enqueue_many, enqueue_once
from etalage.jobs.claim import claim, due_lanes
from etalage.jobs.execute import patiently
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, LiveChange, State
from etalage.jobs.registry import path_of
from tests.jobs import work
from tests.jobs.conftest import wait_for, working

pytestmark = pytest.mark.django_db(transaction=True)
many_writers = pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="SQLite has one writer: no two wait for each other"
)


def in_a_thread(target: object) -> threading.Thread:
    def run() -> None:
        try:
            target()  # type: ignore[operator]
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_job_asked_for_again_is_not_claimed_before_the_new_data_can_be_seen() -> None:
    """Otherwise it would run on the old data, end, and nobody would ever look at the new."""
    enqueue_once(work.note, "order-1", "credit")
    asked = threading.Event()
    seen: list[bool] = []
    tokens: list[int] = []

    def change() -> None:
        with transaction.atomic():
            LiveChange.objects.create(name="new data")
            assert enqueue_once(work.note, "order-1", "credit") is False
            asked.set()
            threading.Event().wait(0.4)  # the time in which a claim would go wrong

    def take() -> None:
        assert asked.wait(30)
        while not tokens:
            tokens.extend(job.token for lane in due_lanes() for job in claim(lane, "w", 1))
        seen.append(LiveChange.objects.filter(name="new data").exists())

    threads = [in_a_thread(change), in_a_thread(take)]
    for thread in threads:
        thread.join()
    assert (tokens, seen) == ([1], [True])


def test_the_same_key_from_many_threads_at_once_is_one_job() -> None:
    gate, written = threading.Barrier(6), []

    def ask() -> None:
        gate.wait()
        written.append(enqueue_once(work.note, "k", "x"))

    threads = [in_a_thread(ask) for _ in range(6)]
    for thread in threads:
        thread.join()
    assert sorted(written) == [False] * 5 + [True]
    assert Job.objects.count() == 1


def test_a_worker_lives_through_the_loss_of_all_its_connections(tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could go away")
    with working():
        enqueue_many(work.note, [["before"] for _ in range(8)])
        wait_for(lambda: len(work.did()) == 8)
        work.hold.enqueue(str(tmp_path))
        try:
            wait_for(lambda: list(tmp_path.glob("held-by-*")))
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                assert len(cursor.fetchall()) >= 2  # the one that claims, and at least one that runs jobs
        finally:
            (tmp_path / "go").touch()
        wait_for(lambda: not Job.objects.exclude(state=State.DONE).exists())
        work.note.enqueue("afterwards")
        wait_for(lambda: "afterwards" in work.did())


def test_the_end_of_a_job_is_written_although_the_database_is_locked_for_longer_than_it_waits() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's readers and writers do not lock each other out")
    work.note.enqueue("x")
    free, locked = threading.Event(), threading.Event()

    def lock() -> None:
        with transaction.atomic():
            locked.set()
            assert free.wait(30)

    holder = in_a_thread(lock)
    assert locked.wait(30)
    tries = []

    def write() -> int:
        tries.append(1)
        if len(tries) == 2:
            free.set()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 50")
        return Job.objects.update(last_error="written")

    try:
        assert patiently(write) == 1
    finally:
        free.set()
        holder.join()
        connection.close()
    assert len(tries) >= 2
    assert Job.objects.get().last_error == "written"


@many_writers
def test_two_jobs_in_each_others_way_are_both_done_at_the_first_attempt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("one", "other"):
        LiveChange.objects.create(name=name)
    work.MEETING.reset()
    work.lock_both.enqueue("one", "other")
    work.lock_both.enqueue("other", "one")
    with working(threads=3):
        wait_for(lambda: Job.objects.filter(state=State.DONE).count() == 2)
    assert caplog.text.count("runs again: 40P01") == 1  # they did meet
    assert "attempt" not in caplog.text  # none was called a failure, not even for a moment
    assert set(Job.objects.values_list("attempts", "last_error")) == {(1, "")}


@many_writers
def test_a_job_that_is_in_the_way_each_time_fails_like_any_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("etalage.jobs.execute.TURNS", (0.01, 0.01, 0.01))
    work.always_in_the_way.enqueue()
    assert run_until_idle(raising=False) == 1
    assert caplog.text.count("runs again: 40P01") == 3
    job = Job.objects.get()
    assert (job.state, job.attempts, job.error_class) == (State.WAITING, 1, path_of(OperationalError))
