"""The store goes away and comes back: PostgreSQL is restarted in the middle, a database file is locked.

A real shop serves pages while its store is away. Whoever asks gets the page, or is told to come again (503): never an
error of ours; afterwards pages and jobs go on by themselves. The control asks a program that knows no outages.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import connection, connections

from etalage.cli.ports import free_port
from etalage.jobs.models import Job, Schedule
from tests.faults.family import Line, Options, timed
from tests.faults.shop import manager

SHOP = "/en/shop/"
PATIENCE_S = 60


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """A real `etalage serve` on this shop; its address."""
    port = free_port()
    command = [sys.executable, "-m", "etalage", "serve", *options, "--port", str(port)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "etalage.settings"} | {
        "ETALAGE_SECRET_KEY": settings.SECRET_KEY,
        "ETALAGE_SECRET_KEYS": ",".join(settings.SECRET_KEYS),
    }
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(120)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(holds: Callable[[], bool]) -> float:
    """Seconds until it held; AssertionError when it never did."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > PATIENCE_S:
            raise AssertionError("it never came to be")
        time.sleep(0.05)
    return time.monotonic() - begun


class Visitors:
    """Visitors that ask for a page that reads and writes sessions, without a pause."""

    def __init__(self, address: str) -> None:
        self.seen: Counter[str] = Counter()
        self._address, self._stop = address, threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(4)]

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with httpx.Client(base_url=self._address, timeout=60, trust_env=False) as client:
            while not self._stop.is_set():
                try:
                    self.seen[str(client.get(SHOP).status_code)] += 1
                except httpx.HTTPError as error:
                    self.seen[type(error).__name__] += 1


def _jobs_go_on(since: object) -> bool:
    """Whether the schedule has moved on, and nothing died."""
    try:
        latest = Schedule.objects.order_by("-last_at").exclude(last_at=None).first()
        return latest is not None and latest.last_at is not None and latest.last_at > since  # type: ignore[operator]
    except Exception:  # the store is still on its way back
        connections.close_all()
        return False


def restarted() -> None:
    """Restart the server of this run at once, as a crash does."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        (folder,) = cursor.fetchone()
    connection.close()
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    command = [
        str(programs / "pg_ctl"),
        "-D",
        folder,
        "-w",
        "-m",
        "immediate",
        "-l",
        f"{folder}/../log",
        "restart",
    ]
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*as_user, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert parts.port


def locked() -> None:
    """Hold the database file's write lock for longer than anybody waits for it."""
    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        time.sleep(25)  # longer than the 20 seconds of the connection's own patience


def run(options: Options) -> list[Line]:
    """The store goes away a few times under a real shop."""
    manager()
    strike = restarted if options.database == "postgresql" else locked
    line = Line(f"{strike.__name__} under a running shop", {})
    with timed(line), serving() as address:
        httpx.get(address + SHOP, timeout=60)
        with Visitors(address) as visitors:
            worst = 0.0
            for _round in range(max(1, options.rounds)):
                strike()
                worst = max(worst, _until(lambda: _is_well(address)))
        from etalage.kit import clock

        since = clock.now()
        waited = _until(lambda: _jobs_go_on(since))
        errors = {kind: count for kind, count in visitors.seen.items() if kind not in {"200", "503"}}
        dead = Job.objects.filter(state="dead").count()
        line.counts = {
            **visitors.seen,
            "well after s": round(worst, 1),
            "jobs after s": round(waited, 1),
            "dead": dead,
        }
        line.broken = [f"{count} times {kind}" for kind, count in errors.items()] + ["dead jobs"] * bool(dead)
    return [line]


def _is_well(address: str) -> bool:
    try:
        return httpx.get(address + SHOP, timeout=60, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
