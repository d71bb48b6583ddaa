"""Is this installation sound? System checks that say what is missing and what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

from etalage.accounts.models import Business
from etalage.kit import clock

SOUND_SQLITE = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
SMALLEST_DISK_BYTES = 1024**3
SHORTEST_KEY = 32
UNSET_KEY = "unset-secret-key"


def has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """True for SQLite versions whose WAL reset may corrupt a database with several connections.

    Fixed in 3.51.3 and, for older lines, in 3.50.7 and 3.44.6 (sqlite.org/wal.html).
    """
    same_line = [fixed for fixed in SOUND_SQLITE if fixed[:2] == version[:2]]
    return version < same_line[0] if same_line else version < SOUND_SQLITE[-1]


@register(Tags.security)
def check_keys(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterable[CheckMessage]:
    """Both keys are set, long and different from each other."""
    hint = 'Run "etalage init" once: it writes fresh keys into etalage.env in the data folder.'
    if settings.SECRET_KEY == UNSET_KEY or len(settings.SECRET_KEY) < SHORTEST_KEY:
        yield Error(
            "ETALAGE_SECRET_KEY is not set, or shorter than 32 characters.", hint=hint, id="etalage.E001"
        )
    if not settings.SECRET_KEYS or any(len(key) < SHORTEST_KEY for key in settings.SECRET_KEYS):
        yield Error(
            "ETALAGE_SECRET_KEYS is not set, or a key in it is shorter than 32 characters.",
            hint=hint,
            id="etalage.E002",
        )
    if settings.SECRET_KEY in settings.SECRET_KEYS:
        yield Warning(
            "ETALAGE_SECRET_KEY is also one of ETALAGE_SECRET_KEYS.",
            hint="Use different keys, so that ending all sessions does not make the networks' tokens unreadable.",
            id="etalage.W003",
        )


@register(Tags.compatibility)
def check_sqlite(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterable[CheckMessage]:
    """SQLite has no known bug that our way of using it can meet."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") and has_wal_reset_bug(
        sqlite3.sqlite_version_info
    ):
        yield Warning(
            f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug: rarely, a busy database can be damaged.",
            hint="Back up daily, run the shop in one process, and move to a Python with SQLite 3.51.3 or newer, "
            "or to PostgreSQL.",
            id="etalage.W004",
        )


@register(Tags.urls)
def check_public_address(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterable[CheckMessage]:
    """The address that links in posts carry can be reached by customers."""
    parts = urlsplit(settings.PUBLIC_ADDRESS)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield Error(
            "ETALAGE_PUBLIC_ADDRESS is no web address.",
            hint="Set it to something like https://shop.example.com",
            id="etalage.E005",
        )
    elif parts.hostname in {"localhost", "127.0.0.1"} and not settings.DEMO:
        yield Warning(
            f"ETALAGE_PUBLIC_ADDRESS is {settings.PUBLIC_ADDRESS}: links in posts lead nowhere for customers.",
            hint="Set it to the address under which customers reach this shop.",
            id="etalage.W006",
        )
    elif parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1"}:
        yield Warning(
            "ETALAGE_PUBLIC_ADDRESS is not encrypted (http).",
            hint="Put a proxy with a certificate in front and set the address to https://…",
            id="etalage.W007",
        )


@register("disk")
def check_disk(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterable[CheckMessage]:
    """The data folder can be written and has room."""
    folder = next(folder for folder in (settings.DATA, *settings.DATA.parents) if folder.exists())
    if not os.access(folder, os.W_OK):
        yield Error(
            f"The folder {folder} cannot be written.",
            hint="Give this user the right to write there.",
            id="etalage.E008",
        )
    free = shutil.disk_usage(folder).free
    if free < SMALLEST_DISK_BYTES:
        yield Warning(
            f"Only {free // 1024**2} MB are free where the data is.",
            hint="Free at least 1 GB.",
            id="etalage.W009",
        )
    yield from _loose_env_file(settings.DATA / "etalage.env")


def _loose_env_file(path: Path) -> Iterable[CheckMessage]:
    if path.exists() and path.stat().st_mode & 0o077:
        yield Warning(
            "etalage.env can be read by other users of this machine.",
            hint=f"chmod 600 {path}",
            id="etalage.W010",
        )


@register(Tags.database)
def check_database(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterable[CheckMessage]:
    """The database answers, and holds a shop."""
    if not options.get("databases"):
        return
    try:
        with connections["default"].cursor() as cursor:
            tables = connections["default"].introspection.table_names(cursor)
    except DatabaseError as problem:
        yield Error(
            f"The database cannot be opened: {str(problem).strip()}",
            hint="Check DATABASE_URL, or the data folder; a new shop is made with: etalage init",
            id="etalage.E012",
        )
        return
    if Business._meta.db_table not in tables:
        yield Error(
            "There is no shop in this database yet.", hint="Make one with: etalage init", id="etalage.E013"
        )


@register(Tags.database)
def check_clock(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterable[CheckMessage]:
    """The clock has not gone back behind what was recorded already."""
    if not options.get("databases"):
        return
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT max(at) FROM accounts_auditentry")
            newest = cursor.fetchone()[0]
    except DatabaseError:
        return
    if isinstance(newest, str):
        newest = clock.parse_local(newest, clock.zone("UTC"))
    if newest and newest > clock.now() + timedelta(minutes=5):
        yield Warning(
            "The machine's clock is behind what was recorded before.",
            hint="Turn on time synchronisation; posts and reservations depend on the right time.",
            id="etalage.W011",
        )
