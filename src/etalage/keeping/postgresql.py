"""PostgreSQL's own programs: `pg_dump` writes a backup, `pg_restore` reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction

from etalage.keeping.words import KeepingTrouble
from etalage.kit import clock

PLACES = Path("/usr/lib/postgresql")
MARK = "restore_unfinished"
# Who connects to a database that is being restored sees the mark and leaves; servers take a moment.
LEAVING_S = 2.0
OURS = f"schemaname = 'public' AND tablename <> '{MARK}'"


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs, the newest where there are several. Raises KeepingTrouble."""
    installed = sorted(PLACES.glob(f"*/bin/{name}"), key=lambda path: _number(path.parents[1].name))
    found = str(installed[-1]) if installed else shutil.which(name)
    if found is None:
        raise KeepingTrouble(
            f"{name} is not installed on this machine. Install PostgreSQL's client programs "
            "(on Debian: apt install postgresql-client), of the server's version or newer."
        )
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def dump(target: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Write the whole database into `target`, as it stands at one moment; returns its counts and migrations.

    The counts are of the very snapshot that is dumped, so that they can be compared with it. Raises KeepingTrouble.
    """
    with _one_moment() as (keeper, name):
        counted = _counts(keeper)
        applied = _migrations(keeper)
        # No owners: the next server knows other names. Not what a restore put aside. (With --schema=public the dump
        # would make that schema, which each new database has already.)
        run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--exclude-schema=before_restore_*",
            f"--exclude-table=public.{MARK}", f"--snapshot={name}", f"--file={target}")  # fmt: skip
    check(target, counted)
    return counted, applied


def size() -> int:
    """How many bytes the rows take on its server that are dumped: without indexes, and without what is put aside."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(pg_table_size(c.oid)), 0) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema$|before_restore_)'"
        )
        (found,) = cursor.fetchone()
    return int(found)


@contextmanager
def _one_moment() -> Iterator[tuple[Any, str]]:
    """A connection whose transaction sees one moment, and the name under which others may see the same."""
    keeper = connection.copy()
    try:
        with keeper.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            yield keeper, cursor.fetchone()[0]
    finally:
        keeper.close()


def _counts(keeper: Any) -> dict[str, int]:
    with keeper.cursor() as cursor:
        cursor.execute(f"SELECT tablename FROM pg_tables WHERE {OURS} ORDER BY 1")  # noqa: S608
        names = [name for (name,) in cursor.fetchall()]
        counted = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM public."{name}"')  # noqa: S608
            counted[name] = cursor.fetchone()[0]
    return counted


def _migrations(keeper: Any) -> list[tuple[str, str]]:
    with keeper.cursor() as cursor:
        cursor.execute("SELECT app, name FROM public.django_migrations ORDER BY id")
        return [(app, name) for app, name in cursor.fetchall()]


def check(path: Path, counted: dict[str, int]) -> None:
    """Raise KeepingTrouble unless the dump can be opened and holds the data of every table."""
    listed = run("pg_restore", "--list", str(path), database=False)
    held = {
        words[-2] for line in listed.splitlines() if "TABLE DATA public " in line and (words := line.split())
    }
    if missing := sorted(set(counted) - held):
        raise KeepingTrouble(f"{path.name} lacks the table {missing[0]}.")


def load(path: Path) -> None:
    """Fill the empty schema `public` from a dump, all or nothing. Raises KeepingTrouble."""
    run("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
        f"--dbname={connection.settings_dict['NAME']}", str(path))  # fmt: skip


def run(name: str, *words: str, database: bool = True) -> str:
    """Run one of the programs on the shop's database; what it printed. Raises KeepingTrouble.

    The password goes through the environment: the words of a command are seen by everybody on the machine.
    """
    settings = connection.settings_dict
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "20", "LC_ALL": "C"}
    if database:
        environment |= {
            "PGHOST": settings["HOST"],
            "PGPORT": str(settings["PORT"]),
            "PGUSER": settings["USER"],
            "PGPASSWORD": settings["PASSWORD"],
            "PGDATABASE": settings["NAME"],
            **_options(settings.get("OPTIONS", {})),
        }
    environment = {key: value for key, value in environment.items() if value}
    done = subprocess.run(  # noqa: S603
        [program(name), *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
        raise KeepingTrouble(f"{name} did not work: {said}")
    return done.stdout


def _options(options: dict[str, Any]) -> dict[str, str]:
    """How the programs are told what the shop's own connection is told, such as sslmode: libpq names the variables."""
    from psycopg.pq import Conninfo  # noqa: PLC0415 - the extra "postgresql" may be absent

    variables = {one.keyword.decode(): one.envvar.decode() for one in Conninfo.get_defaults() if one.envvar}
    return {variables[name]: str(value) for name, value in options.items() if name in variables}


def refuse_others() -> None:
    """Raise KeepingTrouble when another program is connected to this database, and stays so for `LEAVING_S`."""
    deadline = clock.elapsed() + LEAVING_S
    while others := _others_at_work():
        if clock.elapsed() >= deadline:
            raise KeepingTrouble(
                f"{others} other programs use this database. Stop them first; nothing was changed."
            )
        time.sleep(0.05)


def _others_at_work() -> int:
    """How many other connections to this database there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def has_tables() -> bool:
    """Whether there is anything in the schema `public`, but for the mark of a restore."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM pg_tables WHERE {OURS})")  # noqa: S608
        return bool(cursor.fetchone()[0])


def mark() -> None:
    """Write into the database that a restore is at work: no program on any machine starts on it until `unmark`."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS public.{MARK} (since timestamptz DEFAULT now())")


def unmark() -> None:
    """The restore is at its end, or has changed nothing."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS public.{MARK}")


def is_marked(opened: Any = None) -> bool:
    """Whether a restore of this database has not come to its end; asked over `opened`, or our own connection."""
    with (opened or connection).cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{MARK}"])
        return bool(cursor.fetchone()[0])


def put_aside(name: str) -> None:
    """Give everything in the schema `public` another place, and leave nothing but the mark. Raises KeepingTrouble."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'ALTER SCHEMA public RENAME TO "{name}"')
            cursor.execute("CREATE SCHEMA public")
            mark()
    except DatabaseError as error:
        raise KeepingTrouble(
            f"The present tables cannot be put aside: {str(error).strip()}. Let the database belong to this user."
        ) from error


def clear() -> None:
    """Take the half of a restore out of the schema `public`, and leave nothing but the mark."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
        mark()


def take_back(name: str) -> None:
    """Undo `put_aside`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute(f'ALTER SCHEMA "{name}" RENAME TO public')
