"""The moves of a restore: the present state goes aside, the backup's takes its place.

A kill may come between any two of them. The mark says where the state before goes, and whether all of it is there;
so whoever does the restore once more takes nothing of a backup for the state before, and loses nothing of that.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import connection

from etalage.keeping import postgresql
from etalage.keeping.backup import CLICKS, DATABASE, FOLDERS, JOURNAL, settle
from etalage.keeping.words import KeepingTrouble
from etalage.kit import clock

MARK = "restore-unfinished"
ASIDE = "before-restore-"


@dataclass(frozen=True)
class Mark:
    """What stands in the data folder while a restore is at work.

    `aside`: the folder, within the data folder, for the state before. `is_cleared`: all of it is there, so that
    whatever stands in its former place came after it.
    """

    backup: str
    aside: str
    is_cleared: bool = False

    def write(self) -> None:
        """Let it stand, at once or not at all, whatever becomes of the power."""
        path = settings.DATA / MARK
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(f"{self.backup}\n{self.aside}\n{'cleared' if self.is_cleared else ''}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        settle(settings.DATA)

    @property
    def folder(self) -> Path:
        """Where the state before is kept; it is not there when there was none."""
        return Path(settings.DATA) / self.aside

    @property
    def schema(self) -> str:
        """Where the tables of the state before are kept."""
        return self.aside.replace("-", "_")


def read_mark() -> Mark | None:
    """The mark of a restore that has not come to its end, if there is one."""
    path: Path = settings.DATA / MARK
    if not path.exists():
        return None
    backup, aside, cleared, *_more = [*path.read_text("utf-8", errors="replace").splitlines(), "", "", ""]
    return Mark(backup, aside, cleared == "cleared") if aside.startswith(ASIDE) else None


def new_mark(backup: Path) -> Mark:
    """A mark for a restore that begins now, with a folder that nobody has."""
    wanted = name = f"{ASIDE}{clock.now():%Y%m%dt%H%M%S}"
    number = 1
    while (settings.DATA / name).exists():
        number += 1
        name = f"{wanted}-{number}"
    return Mark(str(backup.resolve()), name)


def remove_mark() -> None:
    """The restore is at its end, or has changed nothing."""
    (settings.DATA / MARK).unlink(missing_ok=True)


def present_names() -> list[str]:
    """The names in the data folder that a backup brings along."""
    names = [JOURNAL, CLICKS, *FOLDERS]
    if connection.vendor == "sqlite":
        names.append(Path(connection.settings_dict["NAME"]).name)
    return names


def put_in_place(fresh: Path, mark: Mark) -> None:
    """Move the present state aside and the backup's, which lies in `fresh`, in, under a mark that stands.

    Raises KeepingTrouble when the database refuses; the first time, nothing is changed then.
    """
    if connection.vendor == "postgresql":
        _replace_tables(fresh / DATABASE["postgresql"], mark)
    if not mark.is_cleared:
        _clear(mark.folder)
        mark = replace(mark, is_cleared=True)
        mark.write()
    for path in _present():
        _remove(path)
    if connection.vendor == "sqlite":
        (fresh / DATABASE["sqlite"]).replace(connection.settings_dict["NAME"])
    for name in (JOURNAL, CLICKS, *FOLDERS):
        if (fresh / name).exists():
            (fresh / name).replace(settings.DATA / name)
    settle(settings.DATA)


def _present() -> list[Path]:
    """What stands in the places of a backup's parts; a database's log goes with it."""
    paths = [settings.DATA / f"{name}{suffix}" for name in present_names() for suffix in ("", "-wal", "-shm")]
    return [path for path in paths if path.exists()]


def _clear(aside: Path) -> None:
    """Move everything aside that is not there already: what came after it is no part of the state before."""
    for path in _present():
        aside.mkdir(exist_ok=True, mode=0o700)
        if not (aside / path.name).exists():
            path.replace(aside / path.name)
    if aside.exists():
        settle(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _replace_tables(dump: Path, mark: Mark) -> None:
    """Fill the database from a dump; when that fails, its tables are as they were, unless they were half of a restore.

    Its own mark comes with the first change, so it tells the one from the other.
    """
    is_half = mark.is_cleared or postgresql.is_marked()
    had_tables = not is_half and postgresql.has_tables()
    try:
        if is_half:
            postgresql.clear()
        elif had_tables:
            postgresql.put_aside(mark.schema)
        else:
            postgresql.mark()
    except KeepingTrouble:
        remove_mark()
        raise
    connection.close()
    try:
        if not is_half:
            postgresql.refuse_others()  # who connected before the mark was there would work on the restored tables
        postgresql.load(dump)
    except KeepingTrouble:
        if is_half:
            raise
        if had_tables:
            postgresql.take_back(mark.schema)
        else:
            postgresql.unmark()
        remove_mark()
        raise
