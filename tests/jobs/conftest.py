"""Workers in threads and in processes, and patience with an end."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from etalage.jobs.registry import PERIODIC
from etalage.jobs.wake import ring
from etalage.jobs.worker import Worker

Processes = Callable[..., subprocess.Popen[bytes]]


def wait_for(condition: Callable[[], object], seconds: float = 180.0) -> None:
    """Return as soon as the condition holds; fail when it does not within that time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextmanager
def working(threads: int = 2, **options: object) -> Iterator[Worker]:
    """A worker in this process, which is asked to stop and waited for at the end."""
    worker = Worker(**{"threads": threads, "poll": 0.05, **options})  # type: ignore[arg-type]
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        ring()
        thread.join()


@pytest.fixture(autouse=True)
def no_periodic_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule of the rooms stays out of these tests."""
    for name in list(PERIODIC):
        monkeypatch.delitem(PERIODIC, name)


@pytest.fixture
def worker_process(transactional_db: None) -> Iterator[Processes]:
    """Start workers as processes on the test's own database."""
    started: list[subprocess.Popen[bytes]] = []

    def start(threads: int = 1, *more: str) -> subprocess.Popen[bytes]:
        name = str(connection.settings_dict["NAME"])
        command = [sys.executable, "-m", "tests.jobs.worker_process", name, str(threads), *more]
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
