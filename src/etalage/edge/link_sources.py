"""Links read straight from the product's table, on SQLite or PostgreSQL, with one SQL text."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from etalage.edge.disk import place_of
from etalage.edge.links import Link, LinkSource, LinksUnavailable
from etalage.kit import clock

try:
    import psycopg
except ImportError:  # the extra "postgresql" is not installed; only PostgreSQLLinks needs it
    psycopg = None  # type: ignore[assignment]
else:

    class _Hasty(psycopg.Connection[Any]):
        """A connection that waits so long for an answer, and no longer: `statement_timeout` is the server's own,
        and a server that hangs keeps to none.
        """

        wait_s = 3.0

        def wait(self, gen: Any, *_how: Any, **_more: Any) -> Any:
            """See `psycopg.Connection.wait`."""
            return super().wait(gen, timeout=self.wait_s)


DJANGOS_OWN = frozenset(
    ("assume_role", "cursor_factory", "isolation_level", "pool", "server_side_binding", "context")
)
"""Options that Django keeps to itself; all others are libpq's, such as sslmode."""
FIND = "SELECT id, code, target, expires_at, withdrawn, kind FROM publishing_trackedlink WHERE code = {}"


def microseconds(moment: datetime | str | None) -> int | None:
    """UTC microseconds of a stored time: an aware datetime, or the UTC text that Django stores in SQLite."""
    if moment is None:
        return None
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
    return clock.to_micros(moment)


def links_in(database: Mapping[str, Any]) -> LinkSource:
    """The source for the shop's database, described as in Django's `DATABASES`."""
    if database["ENGINE"].endswith("sqlite3"):
        return SQLiteLinks(Path(database["NAME"]))
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    told = {word: database[name] for word, name in parts.items() if database.get(name)}
    options = {word: value for word, value in database.get("OPTIONS", {}).items() if word not in DJANGOS_OWN}
    return PostgreSQLLinks(" ".join(f"{word}={_quoted(value)}" for word, value in (told | options).items()))


def _quoted(value: object) -> str:
    """A value of a connection string, as libpq reads it."""
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def link_of(row: Sequence[Any] | None) -> Link | None:
    """A row of the table as a link."""
    if row is None:
        return None
    return Link(
        code=str(row[1]),
        target_path=str(row[2]),
        expires_at_us=microseconds(row[3]),
        link_id=row[0].hex if isinstance(row[0], UUID) else str(row[0]),
        status="withdrawn" if row[4] else "live",
        kind="qr" if row[5] == "qr" else "link",
    )


class SQLiteLinks:
    """Reads the shop's SQLite file through a read-only connection, beside its writers (WAL).

    Only the file that the path leads to: one that was taken away with its disk still reads well, for ever.
    """

    def __init__(self, path: Path, *, wait_s: float = 1.0) -> None:
        self._path = path
        self._address = f"{path.absolute().as_uri()}?mode=ro"
        self._wait_s = wait_s
        self._place: tuple[int, int] | None = None
        self._connection: sqlite3.Connection | None = None
        self._sql = FIND.format("?")

    def find(self, code: str) -> Link | None:
        """See `LinkSource.find`."""
        try:
            place = place_of(self._path)  # microseconds, and only for what the memory does not know
            if self._connection is not None and place != self._place:
                self.close()
            if self._connection is None:
                self._place = place
                self._connection = sqlite3.connect(
                    self._address, uri=True, timeout=self._wait_s, isolation_level=None
                )
            with closing(self._connection.execute(self._sql, (code,))) as cursor:
                return link_of(cursor.fetchone())
        except sqlite3.Error as error:
            self.close()
            raise LinksUnavailable(str(error)) from error

    def close(self) -> None:
        """See `LinkSource.close`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgreSQLLinks:
    """Reads the shop's PostgreSQL database; a connection that broke is opened again at once.

    Each step of a look ends after about `wait_s` seconds, also where the server is gone without a word.
    """

    def __init__(self, address: str, *, wait_s: float = 3.0) -> None:
        if psycopg is None:
            raise RuntimeError("PostgreSQL needs the extra: install etalage[postgresql]")
        self.address = address
        self._wait_s = wait_s
        self._connection: _Hasty | None = None
        self._sql = FIND.format("%s")

    def find(self, code: str) -> Link | None:
        """See `LinkSource.find`."""
        reused = self._connection is not None
        try:
            return self._find(code)
        except psycopg.Error as error:
            self.close()
            if not reused:
                raise LinksUnavailable(str(error)) from error
        try:  # the old connection may have died with a restart of the server: a new one decides
            return self._find(code)
        except psycopg.Error as error:
            self.close()
            raise LinksUnavailable(str(error)) from error

    def close(self) -> None:
        """See `LinkSource.close`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _find(self, code: str) -> Link | None:
        if self._connection is None:
            self._connection = _Hasty.connect(
                self.address,
                autocommit=True,
                prepare_threshold=None,  # a pooler in transaction mode knows no prepared statements
                connect_timeout=max(2, round(self._wait_s)),
                tcp_user_timeout=round(self._wait_s * 1000),
                keepalives_idle=10,  # so that one that died while nobody asked is found dead before somebody asks
                keepalives_interval=2,
                keepalives_count=3,
            )
            self._connection.wait_s = self._wait_s + 1  # the server's own word comes first, where it has one
            self._connection.execute(f"SET statement_timeout = {round(self._wait_s * 1000)}")
        return link_of(self._connection.execute(self._sql, (code,)).fetchone())
