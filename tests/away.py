"""A database that is away for a moment: cut off, or held by somebody else."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable

from django.db import connection

HELD_S = 0.6


def away_soon() -> Callable[[], None]:
    """What takes the database away from this thread's next write; any thread may call it."""
    return _cut_off() if connection.vendor == "postgresql" else _held()


def _cut_off() -> Callable[[], None]:
    """The server ends this thread's connection, as when it is restarted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]

    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        connection.close()

    def cut_off() -> None:
        elsewhere = threading.Thread(target=end)
        elsewhere.start()
        elsewhere.join()

    return cut_off


def _held() -> Callable[[], None]:
    """Another program writes for longer than we wait."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 20")
    holds = threading.Event()

    def write() -> None:
        with contextlib.closing(
            sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        ) as other:
            other.execute("BEGIN IMMEDIATE")
            holds.set()
            threading.Event().wait(HELD_S)

    def hold() -> None:
        threading.Thread(target=write).start()
        holds.wait()

    return hold
