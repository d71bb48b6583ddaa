"""Workers: in threads and processes, killed and asked to stop."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest
from django.db import transaction

from etalage.jobs import enqueue_many
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, State
from etalage.jobs.worker import Worker
from tests.jobs import work
from tests.jobs.conftest import Processes, wait_for, working


def all_done() -> bool:
    return not Job.objects.filter(state__in=[State.WAITING, State.RUNNING]).exists()


def test_a_job_whose_worker_was_killed_is_finished_by_another(
    worker_process: Processes, tmp_path: Path
) -> None:
    work.hold.enqueue(str(tmp_path))
    first = worker_process()
    wait_for((tmp_path / f"held-by-{first.pid}").exists)
    first.kill()
    first.wait()
    (tmp_path / "go").touch()
    second = worker_process()
    wait_for(all_done)
    job = Job.objects.get()
    assert (job.state, job.attempts, job.result) == (State.DONE, 2, second.pid)


def test_a_job_that_kills_every_worker_ends_dead_and_the_others_are_done(worker_process: Processes) -> None:
    work.kill_the_worker.enqueue()
    work.note.enqueue("good")
    for _ in range(3):
        assert worker_process().wait(timeout=60) != 0
    worker_process()
    wait_for(all_done)
    assert set(Job.objects.values_list("task", "state")) == {
        ("tests.jobs.work.kill_the_worker", State.DEAD),
        ("tests.jobs.work.note", State.DONE),
    }
    assert work.did() == ["good"]


def test_a_worker_asked_to_stop_finishes_the_work_at_hand_and_takes_no_more(
    worker_process: Processes, tmp_path: Path
) -> None:
    work.hold.enqueue(str(tmp_path))
    worker = worker_process()
    wait_for((tmp_path / f"held-by-{worker.pid}").exists)
    worker.terminate()
    work.note.enqueue("too late")
    (tmp_path / "go").touch()
    assert worker.wait(timeout=30) == 0
    assert dict(Job.objects.values_list("task", "state")) == {
        "tests.jobs.work.hold": State.DONE,
        "tests.jobs.work.note": State.WAITING,
    }


def test_three_processes_do_each_job_once(worker_process: Processes) -> None:
    enqueue_many(work.note, [[str(number)] for number in range(120)])
    for _ in range(3):
        worker_process(threads=2)
    wait_for(all_done)
    assert Counter(work.did()) == Counter(str(number) for number in range(120))
    assert set(Job.objects.values_list("attempts", "state")) == {(1, State.DONE)}


@pytest.mark.django_db(transaction=True)
def test_a_job_enqueued_in_this_process_wakes_the_worker_at_the_commit() -> None:
    with working(poll=60.0):
        work.note.enqueue("first")
        wait_for(all_done)
        with transaction.atomic():
            work.note.enqueue("second")
        wait_for(all_done)


@pytest.mark.django_db(transaction=True)
def test_long_jobs_of_one_queue_leave_a_thread_to_the_others(tmp_path: Path) -> None:
    for _ in range(4):
        work.hold.enqueue(str(tmp_path))
    with working(threads=2):
        try:
            wait_for(lambda: Job.objects.filter(state=State.RUNNING).exists())
            work.note_elsewhere.enqueue("not kept waiting")
            wait_for(lambda: work.did() == ["not kept waiting"])
            assert not Job.objects.filter(state=State.DONE, queue="default").exists()
        finally:
            (tmp_path / "go").touch()
        wait_for(all_done)


@pytest.mark.django_db(transaction=True)
def test_a_failing_job_does_not_end_the_worker() -> None:
    work.fail.enqueue("bad")
    work.note.enqueue("good")
    with working():
        wait_for(all_done)
    assert sorted(work.did()) == ["bad", "bad", "bad", "good"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_not_to_wait_says_that_work_was_left(tmp_path: Path) -> None:
    work.hold.enqueue(str(tmp_path))
    worker, stop, finished = Worker(threads=1, poll=0.05, grace=0.1), threading.Event(), []
    thread = threading.Thread(target=lambda: finished.append(worker.run(stop)))
    thread.start()
    wait_for(lambda: list(tmp_path.glob("held-by-*")))
    stop.set()
    thread.join()
    assert finished == [False]
    (tmp_path / "go").touch()
    wait_for(lambda: Job.objects.filter(state=State.DONE).exists())


@pytest.mark.django_db
def test_running_until_idle_raises_what_a_job_raised() -> None:
    work.fail.enqueue("x")
    with pytest.raises(ValueError, match="the shop said no"):
        run_until_idle()
    assert Job.objects.get().attempts == 1


@pytest.mark.django_db
def test_running_until_idle_does_not_run_for_ever() -> None:
    enqueue_many(work.note, [[str(number)] for number in range(12)])
    with pytest.raises(RuntimeError):
        run_until_idle(limit=10)
