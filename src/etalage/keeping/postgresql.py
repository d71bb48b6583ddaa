"""PostgreSQL's own programs: `pg_dump` writes a backup, `pg_restore` reads it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction

from etalage.keeping.archive import Contents
from etalage.keeping.rotation import keys_in_use
from etalage.keeping.words import KeepingTrouble
from etalage.kit import clock

PLACES = Path("/usr/lib/postgresql")
MARK = "restore_unfinished"
# Who connects to a database that is being restored sees the mark and leaves; servers take a moment.
LEAVING_S = 2.0
MOST_SAID = 100_000  # characters of what a program complains of
_TABLE = re.compile(rb'CREATE (?:UNLOGGED )?TABLE public\."?([^" ]+)"? \(')
_COLUMNS = re.compile(
    r'^CREATE (?:UNLOGGED )?TABLE public\."?([^" ]+)"? \(\n(.*?)^\)', re.MULTILINE | re.DOTALL
)
_ROWS = re.compile(rb'COPY (?:public\."?([^" ]+)"?|\S+) .*FROM stdin;\n')
_NO_END = b"\\.\n".__ne__
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


def dump(target: Path, without_rows: Sequence[str] = ()) -> Contents:
    """Write the whole database into `target`, as it stands at one moment; returns what it holds.

    That is told of the very snapshot that is dumped, so that it can be compared with it. Of the tables `without_rows`
    it holds the form only. Raises KeepingTrouble.
    """
    with _one_moment() as (keeper, name):
        counted = _counts(keeper, without_rows)
        contents = Contents(counted, _migrations(keeper), keys_in_use(keeper))
        # No owners: the next server knows other names. Not what a restore put aside. (With --schema=public the dump
        # would make that schema, which each new database has already.)
        run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--exclude-schema=before_restore_*",
            *(f"--exclude-table-data=public.{table}" for table in without_rows),
            f"--exclude-table=public.{MARK}", f"--snapshot={name}", f"--file={target}")  # fmt: skip
    return contents


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


def _counts(keeper: Any, without_rows: Sequence[str]) -> dict[str, int]:
    with keeper.cursor() as cursor:
        cursor.execute(f"SELECT tablename FROM pg_tables WHERE {OURS} ORDER BY 1")  # noqa: S608
        names = [name for (name,) in cursor.fetchall()]
        counted = dict.fromkeys(names, 0)
        for name in set(names) - set(without_rows):
            cursor.execute(f'SELECT count(*) FROM public."{name}"')  # noqa: S608
            counted[name] = cursor.fetchone()[0]
    return counted


def _migrations(keeper: Any) -> list[tuple[str, str]]:
    with keeper.cursor() as cursor:
        cursor.execute("SELECT app, name FROM public.django_migrations ORDER BY id")
        return [(app, name) for app, name in cursor.fetchall()]


def check(path: Path, counted: dict[str, int]) -> None:
    """Raise KeepingTrouble unless the dump can be read to its end and holds every table with all its rows."""
    held = _held(path)
    for name, rows in counted.items():
        if name not in held:
            raise KeepingTrouble(f"{path.name} lacks the table {name}.")
        if held[name] != rows:
            raise KeepingTrouble(f"{path.name} is damaged: of {rows} rows of {name} it holds {held[name]}.")


def _held(path: Path) -> dict[str, int]:
    """The rows of each table in a dump, counted while the whole of it is unpacked. Raises KeepingTrouble."""
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        words = [program("pg_restore"), "--file=-", str(path)]
        with subprocess.Popen(words, env=_environment(), stdout=subprocess.PIPE, stderr=said) as reading:  # noqa: S603
            held = _rows_in(reading.stdout or [])
        if reading.returncode:
            said.seek(0)
            raise KeepingTrouble(_did_not_work("pg_restore", said.read(MOST_SAID)))
    return held


def _rows_in(text: Iterable[bytes]) -> dict[str, int]:
    """The rows of each table of the schema `public`. A row is a line: line breaks in it are written in other signs."""
    held: dict[str, int] = {}
    lines = iter(text)
    for line in lines:
        if made := _TABLE.match(line):
            held[made[1].decode()] = 0
        elif filled := _ROWS.match(line):
            rows = sum(1 for _row in takewhile(_NO_END, lines))
            if filled[1]:
                held[filled[1].decode()] = rows
    return held


def columns(path: Path) -> set[tuple[str, str]]:
    """Every column in a dump: the name of its table, and its own. Raises KeepingTrouble.

    What else stands in a table's brackets, such as its rules, is taken for a column too.
    """
    text = run("pg_restore", "--schema-only", "--file=-", str(path))
    return {
        (table, line.split()[0].strip('"'))
        for table, lines in _COLUMNS.findall(text)
        for line in lines.splitlines()
        if line.strip()
    }


def load(path: Path) -> None:
    """Fill the empty schema `public` from a dump, all or nothing. Raises KeepingTrouble."""
    run("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
        f"--dbname={connection.settings_dict['NAME']}", str(path))  # fmt: skip


def run(name: str, *words: str) -> str:
    """Run one of the programs on the shop's database; what it printed. Raises KeepingTrouble.

    The password goes through the environment: the words of a command are seen by everybody on the machine.
    """
    settings = connection.settings_dict
    where = {
        "PGHOST": settings["HOST"],
        "PGPORT": str(settings["PORT"]),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
        **_options(settings.get("OPTIONS", {})),
    }
    done = subprocess.run(  # noqa: S603
        [program(name), *words], env=_environment(**where), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise KeepingTrouble(_did_not_work(name, done.stderr))
    return done.stdout


def _environment(**more: str) -> dict[str, str]:
    whole = {**os.environ, "PGCONNECT_TIMEOUT": "20", "LC_ALL": "C", **more}
    return {key: value for key, value in whole.items() if value}


def _did_not_work(name: str, said: str) -> str:
    return f"{name} did not work: {(said.strip().splitlines() or ['it said nothing'])[0]}"


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
