"""Making a backup while the shop works.

The order matters, because the parts are copied one after the other. The journal of deliveries follows the database:
whatever was asked for is in the journal before the database says that it was read so far. What was handled only since
the database was copied is not in it, so in the copy it waits again; handling twice changes nothing. It is known by what
waited before the database was copied, not by the time: clocks jump. The clicks come last: the database remembers how
far it has read them, and so finds every click that it had not taken over. Pictures are written before the rows that
name them, so they follow the database.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection

from etalage import __version__
from etalage.imports.places import READING
from etalage.keeping import archive, journals, postgresql, sqlite_files
from etalage.keeping.archive import Contents, Manifest, Writer, files_below
from etalage.keeping.erasures import ERASURES, join_erasures
from etalage.keeping.rotation import keys_in_use
from etalage.keeping.running import alone
from etalage.keeping.settings_file import KEYS, SETTINGS
from etalage.keeping.words import KeepingTrouble, megabytes
from etalage.kit import clock
from etalage.kit.rooms import BEGUN, room_to_work

DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
JOURNAL, CLICKS = "journal.sqlite3", "clicks.sqlite3"
#: With the first letters of names of folders in them that hold nothing to put back: rows of a file that is being read.
FOLDERS: dict[str, tuple[str, ...]] = {"media": (), "imports": (READING, BEGUN)}
#: Tables that a backup holds empty: of a session the key in clear is all that a browser shows to be signed in, and a
#: restore ends them all; what is counted for a while, such as attempts to sign in, is counted anew.
WITHOUT_ROWS = (Session._meta.db_table, settings.CACHES["default"]["LOCATION"])
#: What a shop wants back as it was. Nothing secret: neither keys nor addresses that hold a password.
KEPT_SETTINGS = (
    "ETALAGE_PUBLIC_ADDRESS",
    "ETALAGE_HOSTS",
    "ETALAGE_BEHIND_PROXY",
    "ETALAGE_INSIDE_NETWORKS",
    "ETALAGE_BLUESKY_DIRECTORY",
    "ETALAGE_EMAIL_FROM",
    "ETALAGE_LOG",
)
LAST = "last-backup.json"
BUSY = "Another backup is being made. Wait until it is done."
ROOM = ".etalage-backup-"
SPARE_BYTES = 64 * 1024 * 1024  # left free, so that a backup never stops the shop
_NAME = re.compile(r"etalage-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.tar")


@dataclass(frozen=True)
class Made:
    """A finished backup."""

    path: Path
    manifest: Manifest
    size: int
    dropped: int  # older ones that were deleted
    is_noted: bool = True  # whether `last_backup` knows of it


@dataclass(frozen=True)
class Last:
    """The last backup that was made here."""

    at: datetime
    path: Path

    @property
    def age(self) -> timedelta:
        """How long ago that was; never less than nothing."""
        return max(clock.now() - self.at, timedelta(0))


def default_path(now: datetime) -> Path:
    """Where a backup goes that nobody named; the second of one second is named by the next."""
    folder: Path = settings.DATA / "backups"
    while (path := folder / f"etalage-{now:%Y-%m-%dT%H-%M-%SZ}.tar").exists():
        now += timedelta(seconds=1)
    return path


def make_backup(path: Path | None = None, *, with_keys: bool = False, keep: int = 0) -> Made:
    """Make a backup, open it again, compare every byte, and only then give it its name.

    `keep`: how many backups of the usual names may lie in that folder afterwards, this one included; 0 keeps all.
    Raises KeepingTrouble or OSError; then there is no new file, and none was deleted.
    """
    now = clock.now()
    target = (path or default_path(now)).expanduser().resolve()
    if target.exists():
        raise KeepingTrouble(f"{target} exists already. Choose another name, or leave the name out.")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(settings.DATA / "backup.lock", BUSY), room_to_work(target.parent, ROOM) as room:
        _refuse_full_disk(target.parent)
        part = room / "backup.tar"
        _write(part, room, now, with_keys)
        manifest = verified(part, room)
        size = part.stat().st_size
        join_erasures(target.parent / ERASURES)
        part.replace(target)
        settle(target.parent)
        is_noted = _remember(now, target)
    return Made(target, manifest, size, _drop_old(target, keep), is_noted)


def _write(part: Path, room: Path, now: datetime, with_keys: bool) -> None:
    manifest = Manifest(
        made_by=__version__,
        taken_at=now.isoformat(),
        database=connection.vendor,
        public_address=settings.PUBLIC_ADDRESS,
        with_keys=with_keys,
    )
    with Writer(part, manifest) as writer:
        handled = journals.handled_in(settings.DATA / JOURNAL)
        _add_database(writer, room)
        _add_edge_file(writer, room, JOURNAL, lambda copy: journals.hand_out_again(copy, handled))
        _add_edge_file(writer, room, CLICKS)
        for name, but_for in FOLDERS.items():
            writer.add_folder(name, settings.DATA / name, but_for)
        writer.add_text(SETTINGS, _lines({name: settings.ENV.text(name) for name in KEPT_SETTINGS}))
        if with_keys:
            keys = {
                "ETALAGE_SECRET_KEY": settings.SECRET_KEY,
                "ETALAGE_SECRET_KEYS": ",".join(settings.SECRET_KEYS),
            }
            writer.add_text(KEYS, _lines(keys))


def _add_database(writer: Writer, room: Path) -> None:
    name = DATABASE[connection.vendor]
    copy = room / name
    if connection.vendor == "postgresql":
        contents = postgresql.dump(copy, WITHOUT_ROWS)
    else:
        sqlite_files.snapshot(Path(connection.settings_dict["NAME"]), copy, WITHOUT_ROWS)
        contents = Contents(sqlite_files.counts(copy), sqlite_files.migrations(copy), _keys_in(copy))
    writer.manifest.tell(contents)
    writer.add(name, copy)
    copy.unlink()


def _keys_in(copy: Path) -> list[str]:
    opened = connection.copy()
    # Without what the shop's own connections are told at first: that would change the copy.
    opened.settings_dict |= {"NAME": str(copy), "OPTIONS": {}}
    with closing(opened):
        return keys_in_use(opened)


def _add_edge_file(
    writer: Writer, room: Path, name: str, change: Callable[[Path], None] | None = None
) -> None:
    """Add one of the edge's files, its copy changed first; before the edge has run there is none."""
    source = settings.DATA / name
    if source.exists():
        sqlite_files.snapshot(source, room / name)
        if change:
            change(room / name)
        writer.add(name, room / name)
        (room / name).unlink()


def _lines(values: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items() if value)


def verified(path: Path, room: Path) -> Manifest:
    """Open a backup as a restore would: every checksum, a sound database with all its tables and rows.

    Raises KeepingTrouble.
    """
    manifest = archive.manifest_of(path)
    name = DATABASE.get(manifest.database, "")
    if name not in manifest.files:
        raise KeepingTrouble(f"{path} holds no database.")
    opened = Path(tempfile.mkdtemp(dir=room, prefix="verify-"))
    try:
        archive.verify(path, opened, frozenset({name, JOURNAL, CLICKS}))
        if manifest.database == "postgresql":
            postgresql.check(opened / name, manifest.counts)
        else:
            sqlite_files.check(opened / name)
            if sqlite_files.counts(opened / name) != manifest.counts:
                raise KeepingTrouble(f"{path} is damaged: its database lacks rows.")
        for edge_file in (JOURNAL, CLICKS):
            if edge_file in manifest.files:
                sqlite_files.check(opened / edge_file)
    finally:
        shutil.rmtree(opened, ignore_errors=True)
    return manifest


def _refuse_full_disk(folder: Path) -> None:
    """Raise KeepingTrouble where the backup would not fit, with its copies, beside a reserve."""
    files = [settings.DATA / name for name in (JOURNAL, CLICKS)]
    if connection.vendor == "sqlite":
        files.append(Path(connection.settings_dict["NAME"]))
    copied = sum(path.stat().st_size for path in files if path.exists())
    if connection.vendor == "postgresql":
        copied += postgresql.size()  # more than its dump, which is compressed
    kept = (files_below(settings.DATA / name, but_for) for name, but_for in FOLDERS.items())
    rest = sum(size for files in kept for _path, size in files)
    needed, free = 2 * copied + rest + SPARE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise KeepingTrouble(
            f"{folder} has {megabytes(free)} left, and a backup needs {megabytes(needed)} there. "
            "Make room, or name a file on another disk."
        )


def settle(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some file systems cannot, and need not
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _drop_old(newest: Path, keep: int) -> int:
    """Delete the oldest backups of the usual names beside `newest`, so that `keep` are left."""
    if keep < 1:
        return 0
    # Their names sort by age.
    others = sorted(path for path in newest.parent.iterdir() if _NAME.fullmatch(path.name) and path != newest)
    gone = others[: max(0, len(others) - (keep - 1))]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _remember(now: datetime, path: Path) -> bool:
    """Note it for `last_backup`; False where that cannot be written, which makes the backup no worse."""
    record = settings.DATA / LAST
    fresh = record.with_suffix(".new")
    try:
        fresh.write_text(json.dumps({"at": now.isoformat(), "path": str(path)}), "utf-8")
        fresh.replace(record)
    except OSError:
        return False
    return True


def last_backup() -> Last | None:
    """The last backup that was made on this machine, None when there was none."""
    with suppress(OSError, ValueError, KeyError):
        facts = json.loads((settings.DATA / LAST).read_text("utf-8"))
        return Last(datetime.fromisoformat(facts["at"]), Path(facts["path"]))
    return None
