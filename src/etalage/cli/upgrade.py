"""Brings the database to the newest form, one process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

LOCK_NUMBER = 0x4574616C  # "Etal"; PostgreSQL's advisory locks are numbers


def upgrade() -> None:
    """Apply what the database lacks. Several processes that start at once take turns; most then find nothing to do."""
    from django.core.management import call_command
    from django.db import connection

    if not _lacks_something():
        return
    with alone():
        connection.close()  # what this connection saw before it waited is old
        if _lacks_something():
            call_command("migrate", verbosity=0)


def _lacks_something() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock under which the database is brought up to date; other processes wait for it."""
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "sqlite":
        with (settings.DATA / "upgrade.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # given back when the file is closed, also by a kill
            yield
        return
    keeper = connection.copy()  # a connection of its own: the lock is the connection's
    with keeper.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_NUMBER])
    try:
        yield
    finally:
        keeper.close()
