"""Whether a database has a form that this version can work with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from etalage.keeping.sqlite_files import COLUMNS

Column = tuple[str, str]  # the name of its table, and its own


class OtherForm(DatabaseError):
    """The database is of another version, which this one cannot bring to its own form; nothing was changed."""


def known_migrations(loader: MigrationLoader | None = None) -> set[tuple[str, str]]:
    """Every migration that this version knows, also those that were folded into others since."""
    on_disk = (loader or MigrationLoader(None)).disk_migrations or {}
    return {*on_disk, *(old for migration in on_disk.values() for old in migration.replaces)}


def refuse_newer() -> None:
    """Raise OtherForm for a database of a newer version: it keeps things where this one does not look."""
    loader = MigrationLoader(connection)
    if strange := sorted(set(loader.applied_migrations or {}) - known_migrations(loader)):
        room, name = strange[0]
        raise OtherForm(f"it is of a newer Etalage ({room} {name} is not known here). Install that version.")


def refuse_unfinished() -> None:
    """Raise OtherForm for a database that has had every migration and lacks columns nevertheless.

    Only one that was made before there were releases can be so: the first migrations changed until then.
    """
    if lacking := _lacking(apps, _columns()):
        raise OtherForm(
            f"it was made before the first release, and lacks {lacking[0]}. Begin with an empty data folder "
            "(and database), and import what there was."
        )


def lacks_of_its_own(migrations: Iterable[tuple[str, str]], there: set[Column]) -> list[str]:
    """The columns that a database lacks of those that its own migrations make.

    No later migration brings them, so that it never comes to this version's form: see `refuse_unfinished`.
    """
    graph, had = MigrationLoader(None).graph, set(migrations)
    # What was folded into another since stands in the plans of others, and may be further than this database was.
    known = [node for node in sorted(had & graph.nodes.keys()) if had.issuperset(graph.forwards_plan(node))]
    return _lacking(graph.make_state(nodes=known).apps, there) if known else []


def _lacking(rooms: Any, there: set[Column]) -> list[str]:
    """The columns of the models of these rooms that are not there."""
    wanted = {
        (model._meta.db_table, str(field.column))
        for model in rooms.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
    }
    return sorted(f"{table}.{column}" for table, column in wanted - there)


def _columns() -> set[Column]:
    """Every column of the present database."""
    sql = (
        COLUMNS
        if connection.vendor == "sqlite"
        else "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {(table, column) for table, column in cursor.fetchall()}
