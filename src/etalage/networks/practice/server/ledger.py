"""The practice network's memory: one SQLite file, read and written by its one process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etalage.kit.clock import now

Row = dict[str, Any]


@dataclass(frozen=True)
class Member:
    """An account of the network, as its owner's programs see it."""

    id: int
    handle: str
    name: str
    language: str
    face: str
    lag: float
    key_seconds: float
    token: str
    token_alive: int
    may_write: int
    push_url: str
    push_secret: str
    at: float
    stated_settle: float | None


class Ledger:
    """The open file. All calls are short and run on the server's own loop."""

    def __init__(self, path: Path | str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = lambda cursor, row: dict(
            zip([column[0] for column in cursor.description], row, strict=True)
        )
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.execute("PRAGMA foreign_keys=ON")
        self.db.executescript((Path(__file__).parent / "schema.sql").read_text("utf-8"))
        if "stated_settle" not in {row["name"] for row in self.rows("PRAGMA table_info(accounts)")}:
            # A ledger of an earlier version.
            self.db.execute("ALTER TABLE accounts ADD COLUMN stated_settle REAL")
        self._last_id = (
            self.value("SELECT MAX(id) FROM (SELECT id FROM statuses UNION SELECT id FROM media)") or 0
        )

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query, as dictionaries."""
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query, or None."""
        found: Row | None = self.db.execute(sql, values).fetchone()
        return found

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, *values)
        return next(iter(found.values())) if found else None

    def new_id(self) -> int:
        """A growing id that begins with the time in milliseconds, as large networks give them."""
        self._last_id = self._free(max(self._last_id + 1, int(clock() * 1000) << 8))
        return self._last_id

    def old_id(self, at: float) -> int:
        """A free id for a status of another moment, in the order of time."""
        return self._free(int(at * 1000) << 8)

    def _free(self, wanted: int) -> int:
        """The first id from there on that no status has: one may have been put at a moment that was yet to come."""
        while self.value("SELECT 1 FROM statuses WHERE id=?", wanted):
            wanted += 1
        return wanted


def clock() -> float:
    """Seconds since 1970 (UTC)."""
    return now().timestamp()


def member_of(row: Row | None) -> Member | None:
    """The row of an account as a `Member`."""
    return Member(**row) if row else None
