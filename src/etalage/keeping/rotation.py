"""The change of keys: everything sealed is sealed again with the newest key, while the shop works.

Each value is changed by itself, and only where nobody changed it meanwhile; what the newest key opens already is left
alone. So a rotation that was cut off simply goes on, and every program that knows both keys reads throughout.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from etalage.kit.fields import EncryptedTextField
from etalage.kit.secrets import Cipher, UnreadableSecret, fingerprint

BATCH = 200
SEALED_IN_JSON = ("secret", "seed")  # of the second steps of sign-in: authenticator apps and recovery codes


@dataclass
class Tally:
    """How many sealed values there are, by what became of them. `unreadable`: no key that we have opens them."""

    sealed_again: int = 0
    already: int = 0
    unreadable: int = 0
    changed_meanwhile: int = 0

    @property
    def total(self) -> int:
        """All values that were looked at."""
        return self.sealed_again + self.already + self.unreadable + self.changed_meanwhile


@dataclass(frozen=True)
class Keys:
    """The ciphers of a rotation: one that opens with every key, one that knows only the newest."""

    every: Cipher
    first: Cipher

    @classmethod
    def configured(cls) -> Keys:
        """Those of `settings.SECRET_KEYS`."""
        return cls(Cipher(settings.SECRET_KEYS), Cipher(settings.SECRET_KEYS[:1]))


@dataclass(frozen=True)
class Column:
    """A column that holds sealed values; `sealed` finds them in its text, `changed` puts others in their place."""

    table: str
    key: str
    name: str
    is_json: bool = False


def columns() -> list[Column]:
    """Every column with sealed values, of whatever room."""
    found = [
        Column(model._meta.db_table, str(model._meta.pk.column), str(field.column))
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]
    meta = Authenticator._meta
    return [*found, Column(meta.db_table, str(meta.pk.column), "data", is_json=True)]


def rotate() -> Tally:
    """Seal everything again with the first of `settings.SECRET_KEYS`."""
    keys, tally = Keys.configured(), Tally()
    for column in columns():
        for rows in _batches(column):
            for key, text in rows:
                _again(column, key, text, keys, tally)
    return tally


def survey() -> Tally:
    """The same count without a change: `sealed_again` is what an older key sealed."""
    keys, tally = Keys.configured(), Tally()
    for column in columns():
        for rows in _batches(column):
            for _key, text in rows:
                _each(column, text, lambda sealed: _resealed(sealed, keys, tally))
    return tally


def lost_rows(column: Column) -> list[Any]:
    """The keys of rows in which there is something that no key of ours opens."""
    return [key for rows in _batches(column) for key, text in rows if _is_lost(column, text)]


def keys_in_use(opened: BaseDatabaseWrapper) -> list[str]:
    """The fingerprints of those of `settings.SECRET_KEYS` that something in a database is sealed with, newest first.

    `opened`: a connection to it; columns that a database of an older form does not have hold nothing.
    """
    ciphers = {key: Cipher([key]) for key in settings.SECRET_KEYS}
    used: set[str] = set()

    def note(sealed: str) -> str:
        used.update(islice((key for key, cipher in ciphers.items() if _opens(cipher, sealed)), 1))
        return sealed

    for column in columns():
        if _is_there(column, opened):
            for rows in _batches(column, opened):
                for _key, text in rows:
                    _each(column, text, note)
    return [fingerprint(key) for key in ciphers if key in used]


def _opens(cipher: Cipher, sealed: str) -> bool:
    try:
        cipher.decrypt(sealed)
    except UnreadableSecret:
        return False
    return True


def _is_there(column: Column, opened: BaseDatabaseWrapper) -> bool:
    with opened.cursor() as cursor:
        if column.table not in opened.introspection.table_names(cursor):
            return False
        found = opened.introspection.get_table_description(cursor, column.table)
    return column.name in {one.name for one in found}


def _is_lost(column: Column, text: str) -> bool:
    keys, tally = Keys.configured(), Tally()
    _each(column, text, lambda sealed: _resealed(sealed, keys, tally))
    return bool(tally.unreadable)


def _again(column: Column, key: Any, text: str, keys: Keys, tally: Tally) -> None:
    counted = Tally()
    changed = _each(column, text, lambda sealed: _resealed(sealed, keys, counted))
    if changed != text and not _swap(column, key, text, changed):
        # Whoever wrote it meanwhile has sealed it with the newest key, or the next rotation finds it.
        counted.changed_meanwhile, counted.sealed_again = counted.sealed_again, 0
    for name in vars(counted):
        setattr(tally, name, getattr(tally, name) + getattr(counted, name))


def _each(column: Column, text: str, change: Callable[[str], str]) -> str:
    """The column's text with every sealed value in it changed."""
    if not column.is_json:
        return change(text)
    data = json.loads(text)
    if not isinstance(data, dict):
        return text
    fresh = {name: change(value) if _is_sealed(name, value) else value for name, value in data.items()}
    if isinstance(codes := data.get("migrated_codes"), list):
        fresh["migrated_codes"] = [change(code) for code in codes]
    return text if fresh == data else json.dumps(fresh)


def _is_sealed(name: str, value: Any) -> bool:
    return name in SEALED_IN_JSON and isinstance(value, str) and bool(value)


def _resealed(sealed: str, keys: Keys, tally: Tally) -> str:
    try:
        keys.first.decrypt(sealed)
        tally.already += 1
        return sealed
    except UnreadableSecret:
        pass
    try:
        fresh = keys.every.rotate(sealed)
    except UnreadableSecret:
        tally.unreadable += 1
        return sealed
    tally.sealed_again += 1
    return fresh


def _batches(column: Column, opened: BaseDatabaseWrapper | None = None) -> Iterator[list[tuple[Any, str]]]:
    """The rows of a column that hold anything, in portions, by their keys; each portion is read by itself."""
    database: Any = opened or connection
    quote = database.ops.quote_name
    key, name, table = quote(column.key), quote(column.name), quote(column.table)
    text = f"CAST({name} AS text)"
    last: Any = None
    while True:
        after = "" if last is None else f"AND {key} > %s"
        sql = (
            f"SELECT {key}, {text} FROM {table} WHERE {name} IS NOT NULL AND {text} <> '' {after} "  # noqa: S608
            f"ORDER BY {key} LIMIT {BATCH}"
        )
        with database.cursor() as cursor:
            cursor.execute(sql, [] if last is None else [last])
            rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def _swap(column: Column, key: Any, old: str, new: str) -> bool:
    """Put the new value in the place of the old one; False when the row has another value by now."""
    quote = connection.ops.quote_name
    place = "%s::jsonb" if column.is_json and connection.vendor == "postgresql" else "%s"
    sql = (
        f"UPDATE {quote(column.table)} SET {quote(column.name)} = {place} "  # noqa: S608
        f"WHERE {quote(column.key)} = %s AND CAST({quote(column.name)} AS text) = %s"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [new, key, old])
        return bool(cursor.rowcount)
