"""Power cuts: a disk that keeps what was synced, and of the rest drops, tears or keeps each sector as it likes.

`kill -9` cannot show what `synchronous` is for, because the system's memory survives it. Here SQLite writes through a
file system of our own (APSW's VFS) that remembers what is not synced yet. At the cut each 512-byte sector of that is
lost, half written, or kept, by chance; then the database is opened again, and what was acknowledged must be there.

Struck are the edge's own store (the code of intake, over another SQLite) and Django's own connection settings.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from etalage.edge import store as edge_store
from etalage.edge.deliveries import Delivery, journal_store
from etalage.edge.store import SQLiteStore
from etalage.environment import SQLITE_PRAGMAS
from tests.faults.family import Line, Options, timed

SECTOR = 512
NAME = "cuttable"


class PowerCut(Exception):
    """The machine is off: nothing is written any more."""


@dataclass
class Disk:
    """What has reached the platter (`safe`), and what is on its way there, file by file."""

    chance: random.Random
    safe: dict[str, bytearray] = field(default_factory=dict)
    waiting: dict[str, list[tuple[int, bytes] | int]] = field(default_factory=dict)
    until_cut: int = -1  # writes and syncs that are still carried out; negative: no cut is planned
    is_off: bool = False

    def step(self) -> None:
        """One write or sync; the machine goes off before the planned one."""
        if self.is_off:
            raise PowerCut
        if self.until_cut == 0:
            self.is_off = True
            raise PowerCut
        self.until_cut -= 1

    def write(self, name: str, data: bytes, offset: int) -> None:
        self.step()
        self.waiting.setdefault(name, []).append((offset, bytes(data)))

    def truncate(self, name: str, size: int) -> None:
        self.step()
        self.waiting.setdefault(name, []).append(size)

    def sync(self, name: str) -> None:
        self.step()
        image = self.safe.setdefault(name, bytearray())
        for act in self.waiting.pop(name, []):
            _carry_out(image, act)

    def delete(self, name: str) -> None:
        self.step()
        self.waiting.pop(name, None)
        self.safe.pop(name, None)

    def after_cut(self) -> dict[str, bytes]:
        """The files as they are found when the power is back."""
        found = {name: bytearray(image) for name, image in self.safe.items()}
        for name, acts in self.waiting.items():
            image = found.setdefault(name, bytearray())
            for act in acts:
                self._perhaps(image, act)
        return {name: bytes(image) for name, image in found.items()}

    def _perhaps(self, image: bytearray, act: tuple[int, bytes] | int) -> None:
        if isinstance(act, int):
            if self.chance.random() < 0.5:
                _carry_out(image, act)
            return
        offset, data = act
        for start in range(0, len(data), SECTOR):
            piece, luck = data[start : start + SECTOR], self.chance.random()
            if luck < 0.45:
                _carry_out(image, (offset + start, piece))
            elif luck < 0.6:  # torn: the head was writing when it lost its power
                _carry_out(image, (offset + start, piece[: self.chance.randrange(1, len(piece) + 1)]))


def _carry_out(image: bytearray, act: tuple[int, bytes] | int) -> None:
    if isinstance(act, int):
        del image[act:]
        return
    offset, data = act
    if len(image) < offset:
        image.extend(bytes(offset - len(image)))
    image[offset : offset + len(data)] = data


class CuttableFile(apsw.VFSFile):  # type: ignore[misc]
    """A real file beside which the disk remembers what was synced."""

    def __init__(self, vfs: str, filename: Any, flags: list[int], disk: Disk) -> None:
        super().__init__(vfs, filename, flags)
        self._name = Path(filename.filename() if isinstance(filename, apsw.URIFilename) else filename).name
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.write(self._name, data, offset)
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.truncate(self._name, size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.sync(self._name)


class Cuttable(apsw.VFS):  # type: ignore[misc]
    """The file system of one shop, until its power is cut."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(NAME, "")

    def xOpen(self, name: Any, flags: list[int]) -> CuttableFile:
        return CuttableFile("", name, flags, self.disk)

    def xDelete(self, name: str, syncdir: bool) -> None:
        self.disk.delete(Path(name).name)
        super().xDelete(name, syncdir)


class Cursor:
    """What the edge's store asks of a cursor of Python's own module."""

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def fetchall(self) -> list[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None


class Connection:
    """Another SQLite under the edge's own store: the same few calls, answered by APSW over the cuttable disk."""

    def __init__(self, path: Path) -> None:
        self._apsw = apsw.Connection(str(path), vfs=NAME)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        try:
            rows = list(self._apsw.execute(sql, tuple(values)))
            return Cursor(rows, self._apsw.changes())
        except (apsw.Error, PowerCut) as error:
            raise sqlite3.OperationalError(str(error)) from error

    def close(self) -> None:
        with suppress(apsw.Error, PowerCut):
            self._apsw.close(True)


Play = Callable[[Path, Disk, random.Random], list[str]]
Keep = Callable[[Path], set[str]]


def intake(synchronous: edge_store.Synchronous) -> Play:
    """The edge's own journal, written in groups as under load; what its `write` returned for is acknowledged."""

    def play(folder: Path, disk: Disk, chance: random.Random) -> list[str]:
        def connect(path: Path, wanted: edge_store.Synchronous) -> Any:
            connection = Connection(path)
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            connection.execute(f"PRAGMA synchronous={synchronous if wanted == 'FULL' else wanted}")
            return connection

        store: SQLiteStore[Delivery] = journal_store(folder / "journal.sqlite3")
        before, edge_store.connect = edge_store.connect, connect
        acknowledged: list[str] = []
        try:
            number = 0
            while not disk.is_off:
                names = [f"{number}-{place}" for place in range(chance.randrange(1, 12))]
                store.write([_delivery(name, chance) for name in names])
                acknowledged += names
                number += 1
        except edge_store.StoreUnavailable:
            pass
        finally:
            store._let_go()
            edge_store.connect = before
        return acknowledged

    return play


def _delivery(name: str, chance: random.Random) -> Delivery:
    return Delivery(name, "practice", "key", name, 0, "{}", chance.randbytes(chance.randrange(20, 3000)))


def kept_deliveries(path: Path) -> set[str]:
    """The ids in the journal, opened by Python's own SQLite."""
    return _read(path / "journal.sqlite3", "SELECT id FROM delivery")


def shop(synchronous: str) -> Play:
    """Django's own settings of a connection, over the real tables: a job and an event in one transaction."""

    def play(folder: Path, disk: Disk, chance: random.Random) -> list[str]:
        connection = Connection(folder / "etalage.sqlite3")
        acknowledged: list[str] = []
        try:
            for statement in filter(None, SQLITE_PRAGMAS.split(";")):
                connection.execute(statement)
            if synchronous != "FULL":
                connection.execute(f"PRAGMA synchronous={synchronous}")
            number = 0
            while not disk.is_off:
                connection.execute("BEGIN IMMEDIATE")
                name = f"{number:032x}"
                event = (name, "order", "x" * chance.randrange(2000))
                connection.execute("INSERT INTO event VALUES (?, ?, ?)", event)
                connection.execute("INSERT INTO job VALUES (?, ?)", (name, "waiting"))
                connection.execute("COMMIT")
                acknowledged.append(name)
                number += 1
        except sqlite3.OperationalError:
            pass
        finally:
            connection.close()
        return acknowledged

    return play


def kept_events(path: Path) -> set[str]:
    """The events whose job is there too: half a transaction counts as lost."""
    return _read(path / "etalage.sqlite3", "SELECT event.id FROM event JOIN job ON job.id = event.id")


def _read(path: Path, sql: str) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("malformed")
        return {row[0] for row in database.execute(sql)}


@dataclass
class Result:
    """What so many cuts did."""

    cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    broken: int = 0  # could not be opened, or not soundly


def strike(
    play: Play, keep: Keep, rounds: int, chance: random.Random, made: Callable[[Path], None]
) -> Result:
    """Cut the power so many times, each time on a file of before that is sound and synced."""
    result = Result()
    for _cut in range(rounds):
        with (
            tempfile.TemporaryDirectory(prefix="etalage-power-") as first,
            tempfile.TemporaryDirectory() as second,
        ):
            before, after = Path(first), Path(second)
            made(before)
            disk = Disk(chance, {path.name: bytearray(path.read_bytes()) for path in before.iterdir()})
            vfs = Cuttable(disk)
            disk.until_cut = chance.randrange(10, 400)
            acknowledged = play(before, disk, chance)
            vfs.unregister()
            for name, image in disk.after_cut().items():
                if not name.endswith("-shm"):
                    (after / name).write_bytes(image)
            result.cuts += 1
            result.acknowledged += len(acknowledged)
            try:
                result.lost += len(set(acknowledged) - keep(after))
            except sqlite3.Error:
                result.broken += 1
    return result


def empty_journal(folder: Path) -> None:
    """The journal as the edge makes it."""
    store = journal_store(folder / "journal.sqlite3")
    store.open()
    store.close()


def empty_shop(folder: Path) -> None:
    """Two tables as the outbox has them."""
    with closing(sqlite3.connect(folder / "etalage.sqlite3")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE event (id TEXT PRIMARY KEY, name TEXT, payload TEXT)")
        database.execute("CREATE TABLE job (id TEXT PRIMARY KEY REFERENCES event(id), state TEXT)")


def run(options: Options) -> list[Line]:
    """So many cuts of each kind, and of each control a tenth."""
    parts: list[tuple[str, Play, Keep, Callable[[Path], None], bool]] = [
        ("intake of webhooks, FULL", intake("FULL"), kept_deliveries, empty_journal, False),
        ("the shop's database, FULL", shop("FULL"), kept_events, empty_shop, False),
        ("control: intake with NORMAL", intake("NORMAL"), kept_deliveries, empty_journal, True),
        ("control: the shop's database with NORMAL", shop("NORMAL"), kept_events, empty_shop, True),
    ]
    lines = []
    for name, play, keep, made, is_control in parts:
        line = Line(name, {}, is_control=is_control)
        with timed(line):
            rounds = max(20, options.rounds // 10) if is_control else options.rounds
            result = strike(play, keep, rounds, options.chance("power", name), made)
            line.counts = vars(result)
            line.broken = _broken(result, is_control)
        lines.append(line)
    return lines


def _broken(result: Result, is_control: bool) -> list[str]:
    if not result.acknowledged:
        return ["nothing was acknowledged"]
    if is_control:
        return [] if result.lost else ["the harness does not see the loss"]
    return [name for name in ("lost", "broken") if getattr(result, name)]
