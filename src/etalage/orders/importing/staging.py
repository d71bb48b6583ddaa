"""Where a file's rows wait, order by order: a private SQLite file beside the data, gone with the run.

Rows of an order need not stand together in the file. Memory holds one order at a time, whatever the file's size.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from etalage.imports.places import reading_room

LONGEST_ORDER = 20_000
_CHUNK_ROWS = 1000
_PENDING = 500
_TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000; PRAGMA temp_store = FILE;
CREATE TABLE chunk (seq INTEGER PRIMARY KEY, number TEXT NOT NULL, packed BLOB NOT NULL);
CREATE TABLE note (seq INTEGER PRIMARY KEY, who TEXT NOT NULL, packed BLOB NOT NULL);
"""


@dataclass(slots=True)
class Rows:
    """Some rows of one order: the place of each in the file, and its cells. Two lists, as there are very many rows."""

    places: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return zip(self.places, self.cells, strict=True)


class Staging:
    """Rows by order number, and the credit notes found among them."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._chunks: list[tuple[str, bytes]] = []
        self._notes: list[tuple[str, bytes]] = []

    def add(self, number: str, rows: Rows) -> None:
        """Keep rows of an order that follow each other."""
        for start in range(0, len(rows), _CHUNK_ROWS):
            part = slice(start, start + _CHUNK_ROWS)
            self._chunks.append((number, marshal.dumps((rows.places[part], rows.cells[part]))))
        if len(self._chunks) >= _PENDING:
            self._flush()

    def orders(self) -> Iterator[tuple[str, Rows]]:
        """Every order with all of its rows, by number. One that is too long comes in parts, each over the limit."""
        self._flush()
        self._database.execute("CREATE INDEX chunk_number ON chunk (number, seq)")
        number: str | None = None
        rows = Rows()
        for name, packed in self._database.execute("SELECT number, packed FROM chunk ORDER BY number, seq"):
            if name != number or len(rows) > LONGEST_ORDER:
                if number is not None:
                    yield number, rows
                # A later part of a too long order has to be seen as such.
                number, rows = name, Rows()
            places, cells = marshal.loads(packed)  # noqa: S302 - written by this very object a moment ago
            rows.places += places
            rows.cells += cells
        if number is not None:
            yield number, rows

    def add_note(self, who: str, parts: tuple[Any, ...]) -> None:
        """Keep a credit note for later; `who` brings those of one customer together."""
        self._notes.append((who, marshal.dumps(parts)))
        if len(self._notes) >= _PENDING:
            self._flush()

    def notes(self) -> Iterator[tuple[Any, ...]]:
        """Every credit note, those of one customer after each other."""
        self._flush()
        for (packed,) in self._database.execute("SELECT packed FROM note ORDER BY who, seq"):
            yield marshal.loads(packed)  # noqa: S302 - written by this very object a moment ago

    def _flush(self) -> None:
        with self._database:
            self._database.executemany("INSERT INTO chunk (number, packed) VALUES (?, ?)", self._chunks)
            self._database.executemany("INSERT INTO note (who, packed) VALUES (?, ?)", self._notes)
        self._chunks, self._notes = [], []


@contextmanager
def staging() -> Iterator[Staging]:
    """Open a staging file, and delete it in the end; the next one deletes what a kill has left."""
    with reading_room() as room:
        database = sqlite3.connect(room / "rows.sqlite3")
        try:
            database.executescript(_TABLES)
            yield Staging(database)
        finally:
            database.close()
