"""The databases that the definition is run on: SQLite always, PostgreSQL where the run is given one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import pytest


class Database(Protocol):
    """As much of a connection as these tests need."""

    def execute(self, sql: str) -> list[tuple[Any, ...]]: ...
    def fill(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None: ...


class OnSQLite:
    """A database in memory."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def fill(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self.connection.execute(f"DELETE FROM {table}")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def close(self) -> None:
        self.connection.close()


class OnPostgreSQL:
    """Temporary tables in the server that DATABASE_URL names; they vanish with the connection."""

    def __init__(self, address: str) -> None:
        psycopg = pytest.importorskip("psycopg")
        self.connection = psycopg.connect(address)
        # Tables without statistics look large to the planner, which would then compile each small query anew.
        self.connection.execute("SET jit = off")

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(sql)
        return cursor.fetchall() if cursor.description else []

    def fill(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self.connection.execute(f"DELETE FROM {table}")
        if rows:
            marks = ", ".join(["%s"] * len(rows[0]))
            with self.connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def close(self) -> None:
        self.connection.close()


def names() -> list[str]:
    """The databases within reach."""
    return ["sqlite", "postgresql"] if postgresql_address() else ["sqlite"]


def postgresql_address() -> str:
    """The server that this run was given, or nothing."""
    address = os.environ.get("ETALAGE_TEST_PG") or os.environ.get("DATABASE_URL", "")
    return address if address.startswith("postgres") else ""


@contextmanager
def opened(name: str) -> Iterator[Database]:
    """A connection to an empty place of one's own."""
    database = OnSQLite() if name == "sqlite" else OnPostgreSQL(postgresql_address())
    try:
        yield database
    finally:
        database.close()
