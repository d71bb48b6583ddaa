"""Putting a backup back: checked before anything moves, the present state kept aside, and the outbox on hold.

A mark in the data folder, and with PostgreSQL another in the database, stands from before the first change until
everything is held; while one stands, nothing starts on that folder or that database, on whatever machine. Whatever ends
a restore half-way, doing it once more completes it.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from etalage.accounts.erased import write_list
from etalage.edge.clicks import Click
from etalage.keeping import archive, placing, postgresql, running, sqlite_files
from etalage.keeping.archive import Manifest
from etalage.keeping.backup import CLICKS, DATABASE, JOURNAL
from etalage.keeping.erasures import ERASURES, known_erasures
from etalage.keeping.form import known_migrations, lacks_of_its_own
from etalage.keeping.hold import Hold, hold
from etalage.keeping.words import KeepingTrouble
from etalage.kit import clock

UNPACKED = ".restore-"
BUSY = "Another restore is at work here. Wait until it is done."
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Restored:
    """A finished restore: where the state before it is kept (empty when there was none), and what is on hold.

    `lost`: which files of before could not be asked for what came in since the backup, and why.
    """

    manifest: Manifest
    aside: str
    hold: Hold
    can_look: bool
    lost: tuple[str, ...] = ()


def is_unfinished(data: Path) -> bool:
    """Whether a restore was begun on this data folder, or on its database, and has not come to its end.

    Raises DatabaseError when the database cannot be asked.
    """
    return (data / placing.MARK).exists() or (connection.vendor == "postgresql" and postgresql.is_marked())


def keep_off_unfinished() -> None:
    """Let this program open no connection to a database that is being restored: to it that database is away.

    A program that was cut off from the database when the restore began, and was not seen by it, comes back so.
    """
    connection_created.connect(_refuse_unfinished)


def _refuse_unfinished(connection: Any, **_more: Any) -> None:
    if connection.vendor == "postgresql" and postgresql.is_marked(connection):
        connection.close()
        raise OperationalError("A restore of this database has not come to its end.")


def holds_a_shop() -> bool:
    """Whether there is anything here that a restore would put aside."""
    if connection.vendor == "postgresql":
        return postgresql.has_tables()
    return any((settings.DATA / name).exists() for name in placing.present_names())


def refuse(manifest: Manifest) -> None:
    """Raise KeepingTrouble when this backup cannot be put back here and now."""
    if manifest.database != connection.vendor:
        raise KeepingTrouble(
            f"This backup is of a shop on {NAMES.get(manifest.database, manifest.database)}, and DATABASE_URL leads to "
            f"{NAMES[connection.vendor]}. Restore it where its own kind of database is set."
        )
    known = known_migrations()
    if newer := [app for app, name in manifest.migrations if (app, name) not in known]:
        raise KeepingTrouble(
            f"This backup is of a newer Etalage ({manifest.made_by}; its {newer[0]} is not known here). "
            "Install that version first."
        )
    refuse_running()


def refuse_running() -> None:
    """Raise KeepingTrouble while a program runs on this data folder, or another one on this database."""
    if found := running.programs(settings.DATA):
        raise KeepingTrouble(
            f"The shop is running (process {found[0].pid}). Stop it first; nothing was changed."
        )
    if connection.vendor == "postgresql":
        postgresql.refuse_others()


def restore(path: Path, upgrade: Callable[[], None], *, as_copy: bool = False) -> Restored:
    """Put a backup back and make it safe to start; `upgrade` brings its database to this version's form.

    `as_copy`: beside a shop that goes on elsewhere; the copy keeps no token, so that it never posts.

    Raises KeepingTrouble, with nothing changed, when the backup is damaged or cannot be put back here, or while another
    restore is at work. Whatever is raised later leaves the mark, and the former state aside.
    """
    manifest = archive.manifest_of(path)
    refuse(manifest)
    settings.DATA.mkdir(parents=True, exist_ok=True, mode=0o700)
    with running.alone(settings.DATA / "restore.lock", BUSY):
        return _restore(path, manifest, upgrade, as_copy)


def _restore(path: Path, manifest: Manifest, upgrade: Callable[[], None], as_copy: bool) -> Restored:
    for left in settings.DATA.glob(f"{UNPACKED}*"):  # by one that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=settings.DATA, prefix=UNPACKED) as room:
        fresh = Path(room)
        archive.verify(path, fresh)
        if manifest.database == "sqlite":
            sqlite_files.check(fresh / DATABASE["sqlite"])
        _refuse_other_form(manifest, fresh)
        unfinished = placing.read_mark()
        erased = _erased(path, ask_database=unfinished is None)
        mark = replace(unfinished, backup=str(path.resolve())) if unfinished else placing.new_mark(path)
        mark.write()
        _look_again(unfinished)
        placing.put_in_place(fresh, mark)
    connection.close()
    upgrade()
    lost = _bring_along(mark.folder)
    can_look = manifest.public_address == settings.PUBLIC_ADDRESS
    held = hold(_earliest(manifest), can_look=can_look, erased=erased, as_copy=as_copy)
    placing.remove_mark()
    if connection.vendor == "postgresql":  # the last: until then no machine works on it
        postgresql.unmark()
    aside = str(mark.folder) if mark.folder.exists() else ""
    return Restored(manifest, aside, held, can_look, lost)


def _refuse_other_form(manifest: Manifest, fresh: Path) -> None:
    """Raise KeepingTrouble for a database that no upgrade brings to this version's form, before anything moves."""
    columns = sqlite_files.columns if manifest.database == "sqlite" else postgresql.columns
    if lacking := lacks_of_its_own(manifest.migrations, columns(fresh / DATABASE[manifest.database])):
        raise KeepingTrouble(
            f"This backup was made before the first release ({manifest.made_by}), and lacks {lacking[0]}: "
            "this version cannot bring it to its form. Nothing was changed."
        )


def _look_again(unfinished: placing.Mark | None) -> None:
    """From here on no program starts; who did while the backup was verified is found now. Raises KeepingTrouble."""
    try:
        refuse_running()
    except KeepingTrouble:
        if unfinished:
            unfinished.write()
        else:
            placing.remove_mark()
        raise


def _earliest(manifest: Manifest) -> datetime:
    return min(manifest.moment, clock.now())


def _erased(path: Path, *, ask_database: bool) -> set[str]:
    """Everybody who is known to have been erased, before the place that knows it is put aside.

    It is noted in the data folder, where it outlives a kill: a second attempt asks no database that is half aside.
    """
    beside = path.resolve().parent / ERASURES
    try:
        known = known_erasures(beside, ask_database=ask_database and holds_a_shop())
    finally:
        connection.close()
    write_list(settings.DATA / ERASURES, known)
    return known


def _bring_along(aside: Path) -> tuple[str, ...]:
    """Take over what the edge had acknowledged since the backup, where the files that were put aside still tell.

    Deliveries are handled anew: what the former database made of them is not in the restored one, and what is in it
    changes nothing the second time. Returns the files that could not be asked, each with why; they are left aside.
    """
    lost = []
    for name, columns in ((JOURNAL, DELIVERY_COLUMNS), (CLICKS, ", ".join(Click._fields))):
        former, present = aside / name, settings.DATA / name
        if not former.exists():
            continue
        try:
            if present.exists():
                _join(former, present, name, columns)
            else:
                _copy(former, present, name)
        except (sqlite3.Error, KeepingTrouble) as error:
            lost.append(f"{former}: {error}")
    return tuple(lost)


def _join(former: Path, present: Path, name: str, columns: str) -> None:
    table, known = ("delivery", "WHERE body IS NOT NULL ") if name == JOURNAL else ("click", "")
    copy = f"INSERT OR IGNORE INTO main.{table} ({columns}) "
    copy += f"SELECT {columns} FROM former.{table} {known}ORDER BY seq"  # noqa: S608
    _execute(present, copy, former=former)


def _copy(former: Path, present: Path, name: str) -> None:
    """The former file itself, whole or not at all, where the backup held none."""
    fresh = present.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    try:
        sqlite_files.snapshot(former, fresh)
        again = "UPDATE delivery SET state = 'waiting', attempts = 0 WHERE body IS NOT NULL"
        _execute(fresh, *([again] if name == JOURNAL else []))
        fresh.replace(present)
    finally:
        fresh.unlink(missing_ok=True)


def _execute(path: Path, *statements: str, former: Path | None = None) -> None:
    with closing(sqlite3.connect(path, timeout=30)) as database:
        if former is not None:
            database.execute("ATTACH ? AS former", [str(former)])
        with database:
            for statement in statements:
                database.execute(statement)


DELIVERY_COLUMNS = "id, network, key, delivery_id, received_us, headers, body"
