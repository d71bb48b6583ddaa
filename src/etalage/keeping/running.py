"""Which programs run on this data folder: each holds a locked note there, which a kill gives back by itself.

A restore asks so that it never works under a running shop, and a change of keys so that no program meets a secret
that it cannot open.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from etalage.keeping.words import KeepingTrouble
from etalage.kit.ids import short_code
from etalage.kit.secrets import fingerprint


@dataclass(frozen=True)
class Program:
    """A running program: its process, its part (of the shop, "all", or a command) and the keys that it knows."""

    pid: int
    part: str
    keys: frozenset[str]

    def knows(self, key: str) -> bool:
        """Whether it could open what this key sealed."""
        return fingerprint(key) in self.keys


def _folder(data: Path) -> Path:
    return data / "running"


@contextmanager
def running(data: Path, part: str, keys: Sequence[str]) -> Iterator[None]:
    """Be seen by `programs` for the length of a `with` block. Raises OSError where nothing can be written."""
    folder = _folder(data)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{os.getpid()}-{short_code(6)}"
    with path.open("x", encoding="utf-8") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX)
            known = sorted(fingerprint(key) for key in keys)
            json.dump({"pid": os.getpid(), "part": part, "keys": known}, note)
            note.flush()
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def alone(lock: Path, refusal: str) -> Iterator[None]:
    """Be the only one to hold this file for the length of a `with` block, a kill included. Raises KeepingTrouble."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise KeepingTrouble(refusal) from error
        yield


def programs(data: Path) -> list[Program]:
    """The programs that run on this data folder now, on this machine. Clears away the notes of dead ones."""
    folder = _folder(data)
    paths = sorted(folder.iterdir()) if folder.exists() else []
    return [found for path in paths if (found := _read(path)) is not None]


def _read(path: Path) -> Program | None:
    """The program whose note this is; None when it has ended."""
    with suppress(FileNotFoundError), path.open(encoding="utf-8") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _program(note.read())
        if _is_whole(path):
            path.unlink(missing_ok=True)
    return None


def _is_whole(path: Path) -> bool:
    """False for the note of a program that has opened it and not yet locked it."""
    return path.stat().st_size > 0


def _program(text: str) -> Program:
    try:
        facts = json.loads(text)
    except (
        ValueError
    ):  # it has locked its note and not yet written it: it knows nothing yet, as far as we know
        return Program(0, "", frozenset())
    return Program(facts["pid"], facts["part"], frozenset(facts["keys"]))
