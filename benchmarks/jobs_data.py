"""What the benchmark of background work runs: jobs in a shop's database, workers, bare updates of one row each."""

from __future__ import annotations

import os
import resource
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

QUEUE = "benchmark"


def _set_up(folder: str) -> None:
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {
        "ETALAGE_DATA": folder,
        "ETALAGE_SECRET_KEY": "only-for-a-benchmark" + "x" * 40,
        "ETALAGE_SECRET_KEYS": "only-for-a-benchmark" + "y" * 40,
        "DJANGO_SETTINGS_MODULE": "etalage.settings",
    }
    import django

    django.setup()


def _declare() -> Any:
    """The smallest job: it takes a number and does nothing, so that only the queue costs."""
    from etalage.jobs import task

    return task(queue_name=QUEUE)(nothing)


def nothing(number: int) -> None:
    """Do nothing."""


def make_jobs(folder: str, many: int) -> None:
    """A new database with so many jobs that are due."""
    _set_up(folder)
    from django.core.management import call_command

    from etalage.jobs import enqueue_many

    call_command("migrate", "jobs", verbosity=0, skip_checks=True)
    enqueue_many(_declare(), ((number,) for number in range(many)))


def work(pipe: Any, folder: str) -> None:
    """A worker as `etalage serve worker` runs it: ready, told to begin and to end; tells its processor time."""
    _set_up(folder)
    from etalage.jobs.registry import PERIODIC
    from etalage.jobs.worker import Worker

    _declare()
    PERIODIC.clear()
    stop, worker = threading.Event(), Worker()
    pipe.send("ready")
    pipe.recv()
    before = _cpu()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    pipe.recv()
    used = _cpu() - before
    stop.set()
    thread.join()
    pipe.send(used)


def unfinished(folder: str) -> int:
    """How many jobs are not done."""
    with sqlite3.connect(f"file:{Path(folder) / 'etalage.sqlite3'}?mode=ro", uri=True) as database:
        sql = "SELECT count(*) FROM jobs_job WHERE state IN ('waiting', 'running')"
        return int(database.execute(sql).fetchone()[0])


def bare_updates(folder: str, many: int) -> tuple[float, float]:
    """So many updates of one row, each on the disk before the next; returns seconds on the clock and of processor."""
    database = sqlite3.connect(Path(folder) / "bare.sqlite3", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE job (id TEXT PRIMARY KEY, state TEXT, result TEXT)")
    ids = [f"{number:032x}" for number in range(many)]
    database.executemany("INSERT INTO job VALUES (?, 'waiting', NULL)", [(name,) for name in ids])
    wall, cpu = time.perf_counter(), _cpu()
    for name in ids:
        database.execute("UPDATE job SET state = 'done', result = 'null' WHERE id = ?", (name,))
    return time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
