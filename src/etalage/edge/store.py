"""Where the edge keeps what it was told: a small protocol, and SQLite files behind it.

On a PostgreSQL installation, too, the edge writes local SQLite files in the data folder: intake then keeps
working while the database restarts. A store in PostgreSQL can be added as another class with these four
methods.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from etalage.edge.disk import place_of
from etalage.kit import clock
from etalage.kit.ids import uuid7

Item_contra = TypeVar("Item_contra", contravariant=True)
Row = TypeVar("Row", bound=tuple[Any, ...])
Synchronous = Literal["FULL", "NORMAL"]

WAIT_S = 5.0  # how long a write waits for a reader's process that marks or prunes
_EPOCH_TABLE = "CREATE TABLE file_epoch (epoch TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0)"
# The last number given out whose row survives a power cut, pruned or not; readers go no further.
_SETTLE = (
    "UPDATE file_epoch SET settled = coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), settled)"
)
_ROWS_PER_STATEMENT = 64


class StoreUnavailable(Exception):
    """The store could not keep a batch; nothing of it is kept."""


class Store(Protocol[Item_contra]):
    """Used by one thread only: the writer's."""

    def open(self) -> None:
        """Make ready. Raises `StoreUnavailable`."""

    def write(self, items: Sequence[Item_contra]) -> int:
        """Commit all items or none; return how many were new. Raises `StoreUnavailable`."""

    def settle(self) -> None:
        """Make everything written so far survive a power cut. Raises `StoreUnavailable`."""

    def close(self) -> None:
        """Give everything back; a later `write` opens again."""


def connect(path: Path, synchronous: Synchronous) -> sqlite3.Connection:
    """A connection to one of the edge's files, which must be there, without implicit transactions.

    Raises `sqlite3.Error`.
    """
    address = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=WAIT_S, isolation_level=None)
    try:
        _until_free(lambda: connection.execute("PRAGMA journal_mode=WAL").fetchall())
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA journal_size_limit=67108864")
        connection.execute("PRAGMA cache_size=-512")  # KiB: what is larger fills for hours, and is of no use
        # What a statement of many rows could have to undo is else kept in a file, made and removed for each.
        connection.execute("PRAGMA temp_store=MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


def _until_free(act: Callable[[], object]) -> None:
    """Repeat while the file is locked: the switch to WAL does not wait by itself (two processes starting)."""
    deadline = clock.elapsed() + WAIT_S
    while True:
        try:
            act()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or clock.elapsed() > deadline:
                raise
            time.sleep(0.02)


@lru_cache(maxsize=2 * _ROWS_PER_STATEMENT)
def _insert_text(table: str, columns: tuple[str, ...], rows: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * rows)} ON CONFLICT DO NOTHING"  # noqa: S608


class SQLiteStore(Generic[Row]):
    """One SQLite file with one table of its own, written in groups; a row that is there already stays.

    The file is made at the first opening, if at all. Later it must be where it was, and the same: where a disk goes
    away under us, the folder that it was mounted on takes files as well, and hides them once the disk is back.
    `is_known`: it was there before, so that not even the first opening makes it.
    """

    def __init__(
        self,
        path: Path,
        schema: Sequence[str],
        table: str,
        columns: tuple[str, ...],
        synchronous: Synchronous,
        *,
        is_known: bool = False,
    ) -> None:
        self.path = path
        self._schema, self._table, self._columns, self._synchronous = schema, table, columns, synchronous
        self._connection: sqlite3.Connection | None = None
        self._place: tuple[int, int] | None = None
        self._is_known, self._epoch = is_known, ""
        self._is_settled = True

    def open(self) -> None:
        """See `Store.open`. Makes the file, readable by its owner only, with its tables.

        What a killed process had written is settled here, so that readers see it.
        """
        try:
            self._opened()
            self.settle()
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"{self.path}: {error}") from error

    def write(self, items: Sequence[Row]) -> int:
        """See `Store.write`. Many rows are one statement: each statement frees and takes the GIL once."""
        try:
            self._is_settled = False
            return self._commit(self._opened(), items)
        except (sqlite3.Error, OSError) as error:
            self._let_go()  # rolls back, and lets the next write begin afresh once the disk is well again
            raise StoreUnavailable(f"{self.path}: {error}") from error
        except BaseException:
            self._let_go()
            raise

    def settle(self) -> None:
        """See `Store.settle`. A commit with FULL syncs the log with all that stands in it.

        Not a checkpoint: one that finds a reader in its way may end without a sync.
        """
        try:
            if self._connection is not None:
                self._connection.execute("PRAGMA synchronous=FULL")
                self._connection.execute(_SETTLE, (self._table,))
                self._connection.execute(f"PRAGMA synchronous={self._synchronous}")
                self._is_settled = True
        except sqlite3.Error as error:
            self._let_go()
            raise StoreUnavailable(f"{self.path}: {error}") from error

    def close(self) -> None:
        """See `Store.close`. What was written without a sync is settled first, where the disk lets it."""
        if not self._is_settled and self._synchronous != "FULL":
            with suppress(StoreUnavailable):
                self.settle()
        self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _commit(self, connection: sqlite3.Connection, items: Sequence[Row]) -> int:
        if (
            len(items) <= _ROWS_PER_STATEMENT
        ):  # one statement is a transaction of its own, without what undoes a part
            return self._insert(connection, items, 0)
        connection.execute("BEGIN IMMEDIATE")
        new = sum(self._insert(connection, items, at) for at in range(0, len(items), _ROWS_PER_STATEMENT))
        connection.execute("COMMIT")
        return new

    def _insert(self, connection: sqlite3.Connection, items: Sequence[Row], at: int) -> int:
        chunk = items[at : at + _ROWS_PER_STATEMENT]
        sql = _insert_text(self._table, self._columns, len(chunk))
        return connection.execute(sql, [value for row in chunk for value in row]).rowcount

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and place_of(self.path) != self._place:
            self._let_go()
        if self._connection is None:
            if not self._is_known:
                self._make_file()
            # Before it is opened: whatever comes in between is seen by the next.
            self._place = place_of(self.path)
            connection = connect(self.path, self._synchronous)
            try:
                self._make_tables(connection)
                self._recognise(connection)
            except BaseException:
                connection.close()
                raise
            self._connection, self._is_known = connection, True
        return self._connection

    def _make_file(self) -> None:
        """Made here first so that the log and index files beside it get the same narrow permissions.

        A file that is there is not touched: to close any descriptor of it gives up all locks that this process has on
        it, and then another program may clear away the log into which we still write.
        """
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in (*self._schema, _EPOCH_TABLE, "PRAGMA user_version = 1"):
                connection.execute(statement)
            connection.execute("INSERT INTO file_epoch (epoch) VALUES (?)", (uuid7().hex,))
        connection.execute("COMMIT")

    def _recognise(self, connection: sqlite3.Connection) -> None:
        """Refuse a file that is not the one of the first opening."""
        (epoch,) = connection.execute("SELECT epoch FROM file_epoch").fetchone()
        if self._epoch not in ("", epoch):
            raise StoreUnavailable(f"{self.path}: another file than before")
        self._epoch = epoch
