"""The connection: a transaction, and a write outside of one, begins when its turn has come."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from etalage.kit.sqlite3.turns import Turns, turns_at

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_opened: set[str] = set()
_WAIT_S = 5.0  # sqlite3's own patience where the settings name none


class DatabaseWrapper(base.DatabaseWrapper):
    """See `turns`. Between processes SQLite's own waiting decides; there only one of each waits."""

    _turns: Turns | None = None
    _has_turn = False
    _file: tuple[int, int] | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """As Django; a database in memory has no file to take turns at.

        A file that was there before is not made: where its disk is gone for a while, an empty shop would open.
        """
        path = None if self.is_in_memory_db() else str(conn_params["database"])
        if path is None:
            return super().get_new_connection(conn_params)
        self._turns = turns_at(path)
        if path in _opened:
            conn_params = {**conn_params, "database": f"{Path(path).absolute().as_uri()}?mode=rw"}
        opened = super().get_new_connection(conn_params)
        _opened.add(path)
        self._file = _file_at(path)
        return opened

    def is_usable(self) -> bool:
        """False once another file stands in the place of the one that was opened.

        So it is when a disk that failed was mended and mounted again: the old file can still be read, and never again
        be written.
        """
        return self._file is None or self._file == _file_at(str(self.settings_dict["NAME"]))

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor whose single writes wait for their turn."""
        cursor = self.connection.cursor(factory=Cursor)
        cursor.wrapper = self
        return cursor

    def take_turn(self) -> None:
        """Wait for the turn to write. Raises sqlite3.OperationalError like a file that stays locked."""
        if self._turns is None or self._has_turn:
            return
        if not self._turns.take(float(self.settings_dict["OPTIONS"].get("timeout", _WAIT_S))):
            raise sqlite3.OperationalError("database is locked")
        self._has_turn = True

    def give_turn(self) -> None:
        """Hand the turn on, unless a transaction still runs."""
        if self._has_turn and not (self.connection is not None and self.connection.in_transaction):
            self._has_turn = False
            if self._turns is not None:
                self._turns.give()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self.give_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self.give_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            if self._has_turn:
                self._has_turn = False
                if self._turns is not None:
                    self._turns.give()


def _file_at(path: str) -> tuple[int, int] | None:
    """Which file a path leads to; None for none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Cursor(base.SQLiteCursorWrapper):
    """Django's cursor, in turn."""

    wrapper: DatabaseWrapper

    def execute(self, query: str, params: Any = None) -> Any:
        """As Django; what writes or begins to write waits for its turn."""
        return self._in_turn(query, lambda: base.SQLiteCursorWrapper.execute(self, query, params))

    def executemany(self, query: str, param_list: Any) -> Any:
        """As Django, in turn."""
        return self._in_turn(query, lambda: base.SQLiteCursorWrapper.executemany(self, query, param_list))

    def _in_turn(self, query: str, act: Callable[[], Any]) -> Any:
        if self.connection.in_transaction or not _writes(query):
            return act()
        self.wrapper.take_turn()
        try:
            return act()
        finally:
            self.wrapper.give_turn()


def _writes(query: str) -> bool:
    """Whether this statement takes the file's lock when it runs outside a transaction."""
    return query.startswith(_WRITES) or query == "BEGIN IMMEDIATE"
