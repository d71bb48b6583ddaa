"""What jobs read of the edge's clicks, from any process: those after a cursor."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etalage.edge.clicks import Click
from etalage.edge.journal import in_portions, opened

_CLICK_COLUMNS = ", ".join(Click._fields)


@dataclass(frozen=True, slots=True)
class ClickPage:
    """Clicks in the order in which they were committed. Store `cursor` with what came of them; `more`: ask
    again.
    """

    clicks: tuple[Click, ...]
    cursor: str
    more: bool


class ClickLog:
    """The clicks, oldest first."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read_after(self, cursor: str = "", limit: int = 1000) -> ClickPage:
        """Up to `limit` clicks after `cursor`; an empty cursor begins at the oldest.

        The cursor names the file as well: after the file was lost and made anew it begins at its start,
        instead of waiting for the numbers to catch up. A click may so be seen twice; its `id` tells.
        Only what would survive a power cut is read: else a number behind the cursor could be given out again.
        """
        if not self._path.exists():  # the edge has not run yet
            return ClickPage((), cursor, False)
        with opened(self._path) as connection:
            epoch, after = _place(connection, cursor)
            rows = connection.execute(
                f"SELECT seq, {_CLICK_COLUMNS} FROM click WHERE seq > ? AND seq <= "  # noqa: S608
                "(SELECT settled FROM file_epoch) ORDER BY seq LIMIT ?",
                (after, limit),
            ).fetchall()
        last = rows[-1][0] if rows else after
        return ClickPage(tuple(_click(row[1:]) for row in rows), f"{epoch}.{last}", len(rows) == limit)

    def prune(self, before_us: int, read_until: str | None = None) -> int:
        """Delete clicks that happened before this time (UTC microseconds); return how many.

        With the cursor `read_until` only clicks that were read up to there.
        """
        if not self._path.exists():
            return 0
        with opened(self._path) as connection:
            read = "" if read_until is None else f" AND seq <= {_place(connection, read_until)[1]}"
            some = f"SELECT seq FROM click WHERE happened_us < ?{read} LIMIT ?"  # noqa: S608
            return in_portions(connection, f"DELETE FROM click WHERE seq IN ({some})", before_us)  # noqa: S608


def _place(connection: sqlite3.Connection, cursor: str) -> tuple[str, int]:
    """The file's own name, and the number of the last click before the cursor; 0 for another file's cursor."""
    (epoch,) = connection.execute("SELECT epoch FROM file_epoch").fetchone()
    known, _, place = cursor.partition(".")
    return epoch, int(place) if known == epoch else 0


def _click(row: Sequence[Any]) -> Click:
    click = Click._make(row)
    return click._replace(late=bool(click.late))
