"""Several processes on one database: more and fewer of them, two schedulers, a database that goes away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from etalage.jobs import enqueue_many
from etalage.jobs.models import Job, Schedule, State
from etalage.kit import clock
from tests.jobs import work
from tests.jobs.conftest import Processes, wait_for


def unfinished() -> int:
    return Job.objects.filter(state__in=[State.WAITING, State.RUNNING]).count()


class Work:
    """Signed jobs, asked for as long as they are needed."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, many: int) -> None:
        enqueue_many(work.sign, [[str(number)] for number in range(self.asked, self.asked + many)])
        self.asked += many

    def done_by_all(self, processes: list[subprocess.Popen[bytes]]) -> bool:
        """Whether each process has done at least one; there are always some for the slowest to begin with."""
        if unfinished() < 10:
            self.ask(20)
        return {process.pid for process in processes} <= set(Job.objects.values_list("result", flat=True))

    @property
    def expected(self) -> Counter[str]:
        return Counter(str(number) for number in range(self.asked))


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask them to stop; each does so in order."""
    for process in processes:
        process.terminate()
    assert {process.wait(timeout=60) for process in processes} == {0}


def test_one_process_then_four_then_one_do_each_job_once(worker_process: Processes) -> None:
    signed = Work()
    crew = [worker_process(threads=2)]
    wait_for(lambda: signed.done_by_all(crew))
    crew += [worker_process(threads=2) for _ in range(3)]
    wait_for(lambda: signed.done_by_all(crew))
    signed.ask(100)
    end(crew[:3])
    signed.ask(50)
    wait_for(lambda: not unfinished())
    assert Counter(work.did()) == signed.expected
    assert set(Job.objects.values_list("attempts", "token", "state")) == {(1, 1, State.DONE)}


def test_two_schedulers_fire_once_in_each_period(worker_process: Processes) -> None:
    begin = clock.now() + timedelta(seconds=1)
    Schedule.objects.create(name="tests.jobs.work.tick", period_seconds=1, next_at=begin)
    signed, ticks = Work(), Job.objects.filter(task="tests.jobs.work.tick")
    schedulers = [worker_process(1, "1") for _ in range(2)]
    wait_for(lambda: signed.done_by_all(schedulers))
    before = ticks.count()
    wait_for(lambda: ticks.count() >= before + 3)
    end(schedulers)
    periods = (Schedule.objects.get().next_at - begin) / timedelta(seconds=1)
    assert ticks.count() <= periods
    assert work.did().count("tick") == ticks.filter(state=State.DONE).count()


SERVER = str(Path(__file__).parents[2] / ".ci" / "postgres")
ENQUEUE = """
import django
django.setup()
from tests.jobs import work
for number in range({begin}, {end}):
    work.sign.enqueue(str(number))
work.hold.enqueue({folder!r})
"""


@contextmanager
def server_of_its_own() -> Iterator[tuple[dict[str, str], str]]:
    """A PostgreSQL server that may be restarted: the environment that leads to it, and its folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        begun = subprocess.run([SERVER, "start", folder], check=True, capture_output=True, text=True)
        try:
            yield os.environ | {"DATABASE_URL": begun.stdout.strip()}, folder
        finally:
            subprocess.run([SERVER, "stop", folder], check=True)


def test_workers_live_through_a_restart_of_the_database_server(tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could go away")
    import psycopg

    with server_of_its_own() as (there, folder):

        def program(*words: str) -> list[str]:
            return [sys.executable, *words]

        def ask(begin: int, end: int) -> None:
            script = ENQUEUE.format(begin=begin, end=end, folder=str(tmp_path))
            subprocess.run(program("-c", script), env=there, check=True)

        def rows(sql: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(there["DATABASE_URL"]) as database:
                return database.execute(sql).fetchall()

        def done() -> int:
            return int(rows("SELECT count(*) FROM jobs_job WHERE state = 'done'")[0][0])

        subprocess.run(
            program("-m", "django", "migrate", "jobs", "--skip-checks", "-v", "0"), env=there, check=True
        )
        ask(0, 50)
        crew = [
            subprocess.Popen(program("-m", "tests.jobs.worker_process", "etalage", "2"), env=there)
            for _ in range(2)
        ]
        try:
            wait_for(lambda: done() == 50 and list(tmp_path.glob("held-by-*")))
            subprocess.run([SERVER, "restart", folder], check=True)  # with a job at hand
            (tmp_path / "go").touch()
            ask(50, 100)
            wait_for(lambda: done() == 102)
            assert [process.poll() for process in crew] == [None, None]
        finally:
            for process in crew:
                process.terminate()
        assert [process.wait(timeout=60) for process in crew] == [0, 0]
        noted = [name for (name,) in rows("SELECT name FROM jobs_livechange WHERE name <> 'jobs'")]
        assert Counter(noted) == Counter(str(number) for number in range(100))
