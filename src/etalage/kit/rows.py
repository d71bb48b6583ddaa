"""Rows by the thousand into a table: COPY on PostgreSQL, prepared statements on SQLite. No object per row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from etalage.kit import clock

_MOST_VALUES = 900  # SQLite built with the smallest limit takes 999 in one statement


def insert(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Add rows; values in stored form: ids as hex, moments from `stored_moment`. Raises IntegrityError."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns = ", ".join(_columns(model, fields))
            with cursor.copy(f"COPY {_table(model)} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        _execute_for(cursor, model, fields, rows)


def insert_missing(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Add those of the rows that contradict none that is there; returns how many."""
    with connection.cursor() as cursor:
        return _execute_for(cursor, model, fields, rows, " ON CONFLICT DO NOTHING")


def _execute_for(
    cursor: CursorWrapper,
    model: type[Model],
    fields: Sequence[str],
    rows: Sequence[Sequence[Any]],
    end: str = "",
) -> int:
    """Many rows per statement take SQLite and its driver half the time of one by one."""
    many = _MOST_VALUES // len(fields)
    whole = len(rows) - len(rows) % many
    parts = [list(chain.from_iterable(rows[start : start + many])) for start in range(0, whole, many)]
    into = f"INSERT INTO {_table(model)} ({', '.join(_columns(model, fields))}) VALUES "  # noqa: S608
    row = f"({', '.join(['%s'] * len(fields))})"
    added = 0
    for statement, values in ((into + ", ".join([row] * many), parts), (into + row, rows[whole:])):
        if values:
            cursor.executemany(statement + end, values)
            added += cursor.rowcount
    return added


def insert_or_replace(
    model: type[Model], fields: Sequence[str], key: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Add rows, or correct in place those that have the same `key`, so that their ids stay."""
    if not rows:
        return
    columns, places = ", ".join(_columns(model, fields)), ", ".join(["%s"] * len(fields))
    others = _columns(model, [field for field in fields if field not in key])
    corrected = ", ".join(f"{column} = excluded.{column}" for column in others)
    unique = ", ".join(_columns(model, key))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {_table(model)} ({columns}) VALUES ({places})"  # noqa: S608
            f" ON CONFLICT ({unique}) DO UPDATE SET {corrected}",
            rows,
        )


def update(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Correct rows by id, which comes last in each of `rows`."""
    if not rows:
        return
    corrected = ", ".join(f"{column} = %s" for column in _columns(model, fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {_table(model)} SET {corrected} WHERE id = %s", rows)  # noqa: S608


def count_anew(*models: type[Model]) -> None:
    """Let PostgreSQL look at these tables as they are now, after many rows came in.

    Where autovacuum looked while they were empty, the planner goes on believing that, and reads a large table whole
    for each row of another (postgresql.org/docs/current/populate.html, "Run ANALYZE Afterwards"). SQLite takes an
    index where there is one, however few rows it believes in.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(map(_table, models))}")


def stored_moment(moment: datetime) -> Any:
    """A moment as this database keeps it."""
    return connection.ops.adapt_datetimefield_value(moment)


def stored_micros(micros: int) -> Any:
    """The moment that many microseconds after 1970, as this database keeps it."""
    return stored_moment(clock.from_micros(micros))


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _columns(model: type[Model], fields: Sequence[str]) -> list[str]:
    return [connection.ops.quote_name(model._meta.get_field(name).column or name) for name in fields]  # type: ignore[union-attr]
