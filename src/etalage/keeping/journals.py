"""The copy of the edge's journal in a backup: it fits to the database that was copied before it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from etalage.keeping.sqlite_files import WAIT_SECONDS
from etalage.keeping.words import KeepingTrouble

# Each by its index: to look at the state in a row, all of its body is read.
_NOT_HANDLED = (
    "SELECT seq FROM delivery WHERE state = 'waiting' UNION SELECT seq FROM delivery WHERE state = 'failed'"
)


@dataclass(frozen=True)
class Handled:
    """What was handled at a moment: all up to the number `until`, but for the numbers `but_for`."""

    until: int = 0
    but_for: tuple[int, ...] = ()


def handled_in(journal: Path) -> Handled:
    """What the journal calls handled now; before the edge has run, nothing. Raises KeepingTrouble."""
    if not journal.exists():
        return Handled()
    address = f"{journal.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS)) as live:
            live.execute("BEGIN")  # one moment for both questions
            (until,) = live.execute("SELECT coalesce(max(seq), 0) FROM delivery").fetchone()
            rows = live.execute(_NOT_HANDLED).fetchall()
    except sqlite3.Error as error:
        raise KeepingTrouble(f"{journal} cannot be read: {error}.") from error
    return Handled(until, tuple(seq for (seq,) in rows))


def hand_out_again(copy: Path, handled: Handled) -> None:
    """Let everything wait in this copy that was handled only since; of what was forgotten nothing is left to handle."""
    again = (
        "UPDATE delivery SET state = 'waiting', attempts = 0, not_before_us = 0"
        " WHERE state = 'done' AND body IS NOT NULL AND seq"
    )
    with closing(sqlite3.connect(copy)) as file, file:
        file.execute(f"{again} > ?", (handled.until,))
        file.executemany(f"{again} = ?", ((seq,) for seq in handled.but_for))
