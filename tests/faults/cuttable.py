"""A disk whose power is cut: what was synced stays; of the rest each sector is lost, torn or kept, by chance.

`over(disk)` puts it under every database that Python's `sqlite3` opens in the block: the same few calls are answered by
another SQLite (APSW), whose file system is ours. What the program says to `sqlite3` stays what it says in a shop.

Left out: sectors that rot, blocks that reach a file beside their own, and `-shm`, which no power cut leaves behind.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw

SECTOR = 512
NAME = "cuttable"
LOG = "-wal"
BESIDE = (LOG, "-journal")
Act = tuple[int, bytes] | int  # bytes at an offset, or the size to which a file is cut off


class PowerCut(Exception):
    """The machine is off: nothing is written any more."""


@dataclass
class Disk:
    """What has reached the platter (`safe`), and what is on its way there, file by file.

    The disk also knows what SQLite does by the file it writes to: a database's own pages change only in a checkpoint,
    and a log that is begun again is written from its start.
    """

    chance: random.Random
    safe: dict[str, bytearray] = field(default_factory=dict)
    waiting: dict[str, list[Act]] = field(default_factory=dict)
    gone: dict[str, tuple[bytearray, list[Act]]] = field(default_factory=dict)  # perhaps still in the folder
    until_cut: int = -1  # writes and syncs that are still carried out; negative: no cut is planned
    pages_until_cut: int = -1  # the same of pages that a checkpoint writes to a database
    log_pages: int = 1000  # so many pages in the log begin a checkpoint; SQLite's own number
    weak: str = ""  # for a control: what FULL is made into
    keeps_pages: bool = True  # for a control: False ignores each sync of a database's own file
    is_off: bool = False
    restarts: int = 0  # of a log
    was_in_checkpoint: bool = False  # at the cut: pages were written to a database and not synced yet

    def step(self) -> None:
        """One write or sync; the machine goes off before the planned one."""
        if self.is_off:
            raise PowerCut
        if self.until_cut == 0:
            self.is_off = True
            self.was_in_checkpoint = any(
                self._is_checkpoint(name) for name, acts in self.waiting.items() if acts
            )
            raise PowerCut
        self.until_cut -= 1

    def _is_checkpoint(self, name: str) -> bool:
        """Whether writing to this file is one. Before there is a log, a database is changed beside its journal."""
        journal = f"{name}-journal"
        return not name.endswith(BESIDE) and journal not in self.safe and journal not in self.waiting

    def write(self, name: str, data: bytes, offset: int, size: int) -> None:
        """`size`: of the file until now."""
        if self._is_checkpoint(name):
            if self.pages_until_cut == 0:
                self.until_cut = 0
            self.pages_until_cut -= 1
        self.step()
        self.restarts += name.endswith(LOG) and offset == 0 and size > 0
        self.waiting.setdefault(name, []).append((offset, bytes(data)))

    def truncate(self, name: str, size: int) -> None:
        self.step()
        self.waiting.setdefault(name, []).append(size)

    def sync(self, name: str, *, and_folder: bool) -> None:
        """`and_folder`: what was deleted there stays deleted."""
        self.step()
        if not self.keeps_pages and self._is_checkpoint(name):
            return
        image = self.safe.setdefault(name, bytearray())
        for act in self.waiting.pop(name, []):
            _carry_out(image, act)
        if and_folder:
            self.gone.clear()

    def delete(self, name: str, *, and_folder: bool) -> None:
        """A file that is deleted may be there again after the cut, until its folder is synced."""
        self.step()
        self.gone[name] = (self.safe.pop(name, bytearray()), self.waiting.pop(name, []))
        if and_folder:
            self.gone.clear()

    def after_cut(self) -> dict[str, bytes]:
        """The files as they are found when the power is back."""
        left = {
            name: (self.safe.get(name, bytearray()), self.waiting.get(name, [])) for name in self._names()
        }
        left |= {name: old for name, old in self.gone.items() if self.chance.random() < 0.5}
        return {name: self._found(bytearray(image), acts) for name, (image, acts) in left.items()}

    def _names(self) -> list[str]:
        return [*self.safe, *(name for name in self.waiting if name not in self.safe)]

    def _found(self, image: bytearray, acts: list[Act]) -> bytes:
        for act in acts:
            self._perhaps(image, act)
        return bytes(image)

    def _perhaps(self, image: bytearray, act: Act) -> None:
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


def _carry_out(image: bytearray, act: Act) -> None:
    if isinstance(act, int):
        del image[act:]
        return
    offset, data = act
    if len(image) < offset:
        image.extend(bytes(offset - len(image)))
    image[offset : offset + len(data)] = data


class CuttableFile(apsw.VFSFile):
    """A real file beside which the disk remembers what was synced."""

    def __init__(self, vfs: str, filename: Any, flags: list[int], disk: Disk) -> None:
        # As SQLite does it: with the first sync of a log or a journal its folder is synced too.
        self._and_folder = bool(flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL))
        super().__init__(vfs, filename, flags)
        self._name = Path(filename.filename() if isinstance(filename, apsw.URIFilename) else filename).name
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.write(self._name, data, offset, self.xFileSize())
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.truncate(self._name, size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.sync(self._name, and_folder=self._and_folder)
        self._and_folder = False


class Cuttable(apsw.VFS):
    """The file system of one shop, until its power is cut."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(NAME, "")

    def xOpen(self, name: Any, flags: list[int]) -> CuttableFile:
        return CuttableFile("", name, flags, self.disk)

    def xDelete(self, name: str, syncdir: bool) -> None:
        self.disk.delete(Path(name).name, and_folder=syncdir)
        super().xDelete(name, syncdir)


class Cursor:
    """What the program asks of a cursor of Python's own module."""

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def fetchall(self) -> list[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None


class Connection:
    """`sqlite3.connect` without transactions of its own, answered by APSW over the cuttable disk."""

    def __init__(
        self,
        disk: Disk,
        address: str,
        *,
        uri: bool = False,
        timeout: float = 5.0,
        isolation_level: None = None,
    ) -> None:
        self._disk = disk
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_URI if uri else 0)
        with _as_sqlite3():
            self._apsw = apsw.Connection(address, flags, vfs=NAME)
            self._apsw.set_busy_timeout(int(timeout * 1000))
            self._apsw.wal_autocheckpoint(disk.log_pages)

    @property
    def in_transaction(self) -> bool:
        return bool(self._apsw.in_transaction)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        if self._disk.weak:
            sql = sql.replace("synchronous=FULL", f"synchronous={self._disk.weak}")
        with _as_sqlite3(), self._power():
            rows = list(self._apsw.execute(sql, tuple(values)))
            return Cursor(rows, self._apsw.changes())

    def executemany(self, sql: str, many: Iterable[Sequence[Any]]) -> None:
        with _as_sqlite3(), self._power():
            list(self._apsw.executemany(sql, many))

    def close(self) -> None:
        with suppress(apsw.Error, PowerCut):
            self._apsw.close(True)

    @contextmanager
    def _power(self) -> Iterator[None]:
        """Nobody is told anything by a machine that is off, not even where nothing had to be written."""
        if self._disk.is_off:
            raise PowerCut
        yield
        if self._disk.is_off:
            raise PowerCut


@contextmanager
def _as_sqlite3() -> Iterator[None]:
    """Raise what Python's own module raises."""
    try:
        yield
    except (apsw.Error, PowerCut) as error:
        same = sqlite3.OperationalError(str(error) or "the power is off")
        same.sqlite_errorcode = getattr(error, "extendedresult", sqlite3.SQLITE_IOERR)
        raise same from error


@contextmanager
def over(disk: Disk) -> Iterator[None]:
    """Every database that is opened by `sqlite3.connect` in the block lies on this disk."""
    vfs, opened = Cuttable(disk), list[Connection]()

    def connect(address: Any, **options: Any) -> Connection:
        opened.append(Connection(disk, str(address), **options))
        return opened[-1]

    try:
        with patch.object(sqlite3, "connect", connect):
            yield
    finally:
        for connection in opened:
            connection.close()
        vfs.unregister()
