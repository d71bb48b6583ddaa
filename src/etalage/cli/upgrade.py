"""Brings the database to the newest form, one process at a time, all of it or nothing.

Django writes down that a migration was applied after its transaction whenever statements were put off to its end
(`MigrationExecutor.apply_migration`): a program that is killed between the two leaves a database that can never be
upgraded, because the tables are there already. Here everything, with what follows the last migration, is one
transaction, which both databases allow.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOCK_NUMBER = 0x4574616C  # "Etal"; PostgreSQL's advisory locks are numbers


def upgrade() -> None:
    """Apply what the database lacks. Several processes that start at once take turns; most then find nothing to do.

    Raises `keeping.form.OtherForm`, a DatabaseError, for a database that is of another version than can be upgraded.
    """
    from django.db import connection

    from etalage.keeping.form import refuse_newer, refuse_unfinished

    refuse_newer()
    if _plan():
        with alone():
            connection.close()  # what this connection saw before it waited is old
            _apply()
    refuse_unfinished()


def _apply() -> None:
    from django.core.management import call_command

    plan = _plan()
    if plan and all(migration.atomic for migration, _backwards in plan):
        _apply_as_one()
    elif plan:
        call_command("migrate", verbosity=0)


def _plan() -> list[Any]:
    """The migrations that the database lacks."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def _apply_as_one() -> None:
    """Every migration of the plan, and what Django does after them, in one transaction."""
    from django.core.management import call_command
    from django.core.management.sql import emit_pre_migrate_signal
    from django.db import connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    class Executor(MigrationExecutor):
        def apply_migration(self, *given: Any, **named: Any) -> Any:
            after = super().apply_migration(*given, **named)
            if self.connection.vendor == "postgresql":
                self.connection.check_constraints()  # it changes no table that has checks pending
            return after

    # SQLite cannot stop watching foreign keys inside a transaction; each migration checks them at its end.
    connection.disable_constraint_checking()
    try:
        with transaction.atomic():
            executor = Executor(connection)
            targets = executor.loader.graph.leaf_nodes()
            plan = executor.migration_plan(targets)
            known = [
                node for node in executor.loader.applied_migrations if node in executor.loader.graph.nodes
            ]
            state = executor.loader.project_state(known)
            emit_pre_migrate_signal(0, False, connection.alias, apps=state.apps, plan=plan)
            executor.migrate(targets, plan, state=state.clone())
            # Nothing is left to apply; it makes what belongs to new models.
            call_command("migrate", verbosity=0)
    finally:
        connection.enable_constraint_checking()


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
