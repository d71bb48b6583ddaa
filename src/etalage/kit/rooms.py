"""Folders that a program works in for a while; what a kill leaves of one is cleared away by whoever comes next.

A lock is held in each, which a kill, and a program that begins anew in its own process, give back by themselves.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BEGUN = ".begun-"  # the name's first letters until the lock is held; nothing is in such a folder yet
_IN_USE = "in-use"


@contextmanager
def room_to_work(folder: Path, prefix: str) -> Iterator[Path]:
    """A folder of our own in `folder`, gone in the end; what killed programs left of this prefix goes first.

    It gets its name once its lock is held, so one of that name without a lock is nobody's. Raises OSError.
    """
    clear_rooms(folder, prefix)
    room = Path(tempfile.mkdtemp(dir=folder, prefix=f"{BEGUN}{prefix}"))
    try:
        with (room / _IN_USE).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            room = room.rename(folder / room.name.removeprefix(BEGUN))
            yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def clear_rooms(folder: Path, prefix: str) -> None:
    """Delete the folders of this prefix that nobody works in."""
    for room in folder.glob(f"{prefix}*"):
        if room.is_dir() and not _is_in_use(room / _IN_USE):
            shutil.rmtree(room, ignore_errors=True)


def _is_in_use(lock: Path) -> bool:
    """Whether a program holds this lock."""
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
