"""Snapshots of SQLite files under load, and what can be asked of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from etalage.keeping.words import KeepingTrouble

WAIT_SECONDS = 30
COLUMNS = "SELECT made.name, it.name FROM sqlite_master AS made, pragma_table_info(made.name) AS it"


def snapshot(source: Path, target: Path, without_rows: Sequence[str] = ()) -> None:
    """Copy a database that is being written to, as it stands at one moment, into a single sound file.

    In one pass (`pages=-1`): under writes, a copy in portions begins again with every commit and never ends. Writers
    wait for nothing but the disk meanwhile, because the copy only reads. The tables `without_rows` are empty in it, and
    no page of it holds what was in them. Raises KeepingTrouble.
    """
    try:
        with (
            closing(
                sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS)
            ) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")  # no log beside it: one file is the whole
            _empty(copy, without_rows)
    except sqlite3.Error as error:
        raise KeepingTrouble(f"{source} cannot be copied: {error}.") from error
    check(target)


def _empty(copy: sqlite3.Connection, names: Sequence[str]) -> None:
    """Empty these tables: with `secure_delete`, all rows at once, SQLite overwrites each of their pages as a whole."""
    copy.isolation_level = None
    copy.execute("PRAGMA secure_delete=ON")
    copy.execute("PRAGMA journal_mode=OFF")  # nobody goes on with a copy whose making failed
    for name in names:
        if copy.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone():
            copy.execute(f'DELETE FROM "{name}"')  # noqa: S608


def check(path: Path) -> None:
    """Raise KeepingTrouble unless every page of the database is sound."""
    try:
        with closing(sqlite3.connect(path)) as database:
            found = database.execute("PRAGMA integrity_check(3)").fetchall()
    except sqlite3.Error as error:
        raise KeepingTrouble(f"{path.name} is damaged: {error}.") from error
    if found != [("ok",)]:
        raise KeepingTrouble(f"{path.name} is damaged: {found[0][0]}.")


def counts(path: Path) -> dict[str, int]:
    """The number of rows in each table."""
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY 1"
        )
        return {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in tables.fetchall()
        }


def migrations(path: Path) -> list[tuple[str, str]]:
    """The migrations that were applied to it, in order."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return [(app, name) for app, name in rows]


def columns(path: Path) -> set[tuple[str, str]]:
    """Every column in it: the name of its table, and its own."""
    with closing(sqlite3.connect(path)) as database:
        return set(database.execute(COLUMNS))
