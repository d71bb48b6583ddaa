"""Leases: kept by a heartbeat, measured on a clock that does not jump, lost for good when they are lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.db.models import F

from etalage.jobs import LeaseLost
from etalage.jobs.claim import claim, due_lanes
from etalage.jobs.execute import lease_of
from etalage.jobs.lease import current_lease, holding
from etalage.jobs.leaseclock import seconds
from etalage.jobs.models import Job, State
from etalage.jobs.settle import reclaim
from tests.jobs import work
from tests.jobs.conftest import Processes, wait_for, working


def claimed() -> Job:
    work.note.enqueue("x")
    (job,) = claim(due_lanes()[0], "a worker", 1)
    return job


@pytest.mark.django_db
def test_a_lease_that_ended_gives_the_job_back_and_the_attempt_stays_counted() -> None:
    claimed()
    assert reclaim() == 0
    Job.objects.update(leased_until=F("leased_until") - 61_000)
    assert reclaim() == 1
    job = Job.objects.get()
    assert (job.state, job.attempts, job.token) == (State.WAITING, 1, 1)
    assert "stopped during attempt 1" in job.last_error


@pytest.mark.django_db
def test_a_lease_of_an_earlier_boot_has_ended() -> None:
    claimed()
    Job.objects.update(lease_clock="another boot")
    assert reclaim() == 1


@pytest.mark.django_db
def test_a_lease_further_ahead_than_its_length_is_of_an_earlier_boot() -> None:
    claimed()
    Job.objects.update(leased_until=F("leased_until") + 3_600_000)
    assert reclaim() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("year", [2020, 2035])
def test_a_jump_of_the_wall_clock_ends_no_lease(year: int) -> None:
    claimed()
    with time_machine.travel(datetime(year, 1, 1, tzinfo=UTC)):
        assert reclaim() == 0


@pytest.mark.django_db
def test_a_job_that_ends_with_its_worker_each_time_ends_dead() -> None:
    work.kill_the_worker.enqueue()
    for attempt in (1, 2, 3):
        assert len(claim(due_lanes()[0], "a worker", 1)) == 1
        Job.objects.update(leased_until=0)
        assert reclaim() == 1
        assert Job.objects.get().attempts == attempt
    assert Job.objects.get().state == State.DEAD


@pytest.mark.django_db
def test_a_task_learns_that_its_lease_is_lost_before_it_acts() -> None:
    job = claimed()
    lease = lease_of(job, seconds())
    with holding(lease):
        current_lease().check()
        assert 0 < current_lease().remaining() <= 60
        Job.objects.update(token=2)
        with pytest.raises(LeaseLost):
            current_lease().check()
        assert current_lease().remaining() == 0


@pytest.mark.django_db
def test_a_lease_that_ran_out_is_not_sure_even_if_nobody_took_the_job_yet() -> None:
    job = claimed()
    with pytest.raises(LeaseLost):
        lease_of(job, seconds() - 61).check()


@pytest.mark.django_db
def test_a_renewal_is_refused_once_another_worker_has_the_job() -> None:
    job = claimed()
    lease = lease_of(job, seconds() - 30)
    assert lease.needs_renewal()
    lease.renew()
    assert lease.remaining() > 59
    Job.objects.update(token=2)
    lease.renew()
    assert lease.lost
    assert not lease.needs_renewal()


def test_outside_of_a_job_the_lease_never_ends() -> None:
    current_lease().check()
    assert current_lease().remaining() > 1e9


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_keeps_a_job_that_takes_longer_than_its_lease(tmp_path: Path) -> None:
    work.hold.enqueue(str(tmp_path))
    with working():
        wait_for(lambda: Job.objects.filter(state=State.RUNNING).exists())
        begun = seconds()
        wait_for(lambda: seconds() - begun > 2.5)  # two and a half leases
        (tmp_path / "go").touch()
        wait_for(lambda: Job.objects.filter(state=State.DONE).exists())
    assert Job.objects.get().attempts == 1


def _cut_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@contextmanager
def taking_no_writes() -> Iterator[None]:
    """The server ends every session, and begins new ones read-only: as one that another has taken over from."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            _cut_others()
            yield
        finally:
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            _cut_others()


@pytest.mark.django_db(transaction=True)
def test_the_heart_goes_on_beating_on_a_server_that_takes_no_writes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("a file that takes no writes is an operational error like any other")
    work.hold.enqueue(str(tmp_path))
    with working():
        wait_for(lambda: Job.objects.filter(state=State.RUNNING).exists())
        try:
            with taking_no_writes():
                wait_for(lambda: "could not be renewed: InternalError" in caplog.text)
            # Its worker or, where its lease is over, another attempt: somebody's heart keeps it.
            wait_for(lambda: any(thread.name == "heartbeat" for thread in threading.enumerate()), 1)
            kept = Job.objects.get().leased_until
            # Beyond what any attempt without a heart would come to.
            wait_for(lambda: Job.objects.get().leased_until > kept + 2000)
        finally:
            (tmp_path / "go").touch()
        wait_for(lambda: Job.objects.filter(state=State.DONE).exists())


@pytest.mark.django_db(transaction=True)
def test_a_job_that_hangs_beyond_its_time_limit_is_given_to_another(tmp_path: Path) -> None:
    work.hang.enqueue(str(tmp_path))
    with working():
        try:
            wait_for(lambda: Job.objects.filter(attempts=2, state=State.RUNNING).exists())
        finally:
            (tmp_path / "go").touch()
        wait_for(lambda: Job.objects.filter(state=State.DONE).exists())
    assert Job.objects.get().token >= 2


def test_a_worker_paused_beyond_its_lease_never_overwrites_its_successor(
    worker_process: Processes, tmp_path: Path
) -> None:
    work.hold_and_check.enqueue(str(tmp_path))
    paused = worker_process()
    wait_for((tmp_path / f"held-by-{paused.pid}").exists)
    os.kill(paused.pid, signal.SIGSTOP)
    successor = worker_process()
    wait_for((tmp_path / f"held-by-{successor.pid}").exists)
    (tmp_path / "go").touch()
    wait_for(lambda: Job.objects.filter(state=State.DONE).exists())
    os.kill(paused.pid, signal.SIGCONT)
    paused.terminate()  # it finishes the work at hand, that is: it finds that it lost it
    assert paused.wait(timeout=30) == 0
    job = Job.objects.get()
    assert (job.result, job.attempts, job.token) == (successor.pid, 2, 2)
    assert not (tmp_path / f"effect-of-{paused.pid}").exists()
    assert (tmp_path / f"effect-of-{successor.pid}").exists()
