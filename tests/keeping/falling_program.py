"""Restores that are killed before each of their steps in turn: `python -m tests.keeping.falling_program FILE`.

A step is whatever changes the data folder or lets another program change something. Prints one line of JSON: for each
step what it was, and what was there once the restore had been done again.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

KILLED = 9
CHANGES = (
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "shutil.rmtree",
    "sqlite3.connect",
    "subprocess.Popen",
)


def fall_at(step: int, data: Path, notes: Path) -> None:
    """From now on, be killed before the change of that number; which one it is goes into `notes`."""
    left = step

    def watch(event: str, given: tuple[Any, ...]) -> None:
        nonlocal left
        if not _is_step(event, given, str(data)):
            return
        if left:
            left -= 1
            return
        notes.write_text(f"{event} {given[:2]}")
        os._exit(KILLED)

    sys.addaudithook(watch)


def _is_step(event: str, given: tuple[Any, ...], data: str) -> bool:
    if event == "open":
        path, mode = given[:2]
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        return bool(writes) and _is_ours(str(path), data)
    if event not in CHANGES:
        return False
    if event == "subprocess.Popen":
        return True
    return any(_is_ours(str(name), data) for name in given[: 2 if event == "os.rename" else 1])


def _is_ours(path: str, data: str) -> bool:
    """In the data folder, and not merely in the folder where the backup is unpacked."""
    return path.startswith(data) and "/.restore-" not in path


def in_child(act: Callable[[], None]) -> int:
    """Do this in a process of its own; its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        act()
        status = 0
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
    finally:
        os._exit(status)


def restore(path: Path) -> None:
    from etalage.cli.upgrade import upgrade
    from etalage.keeping.restore import restore as put_back

    put_back(path, upgrade)


def begin(data: Path, saved: Path) -> None:
    """The shop as it was saved, with a customer that no backup knows."""
    from django.db import connection

    from etalage.customers.models import Customer

    for path in data.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(saved, data, dirs_exist_ok=True)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before_restore_%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
    Customer.objects.all().delete()
    Customer.objects.create(name="Nour")
    connection.close()


def found(data: Path, notes: Path) -> None:
    """What is there now."""
    from django.db import connection

    from etalage.customers.models import Customer
    from etalage.keeping.restore import is_unfinished

    asides = sorted(path.name for path in data.glob("before-restore-*"))
    facts = {
        "unfinished": is_unfinished(data),
        "asides": len(asides),
        "waiting": _deliveries(data, "waiting"),
        "former": [_deliveries(data / name) for name in asides],
        "customers": Customer.objects.count(),
        "former_customers": _former_customers(connection, data, asides),
        "left": [
            path.name for path in data.iterdir() if path.suffix == ".new" or path.name.startswith(".restore")
        ],
    }
    notes.write_text(json.dumps(facts))


def _deliveries(folder: Path, state: str = "") -> list[str]:
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as journal:
        rows = journal.execute("SELECT id, state FROM delivery ORDER BY id").fetchall()
    return [key for key, its in rows if state in ("", its)]


def _former_customers(connection: Any, data: Path, asides: list[str]) -> int:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{asides[0].replace("-", "_")}".customers_customer')
            return int(cursor.fetchone()[0])
    name = Path(connection.settings_dict["NAME"]).name
    with closing(sqlite3.connect(data / asides[0] / name)) as former:
        return int(former.execute("SELECT count(*) FROM customers_customer").fetchone()[0])


def main(path: Path) -> None:
    from django.conf import settings

    data, saved = settings.DATA, path.parents[2] / "saved"
    notes = path.parents[2] / "notes"
    shutil.copytree(data, saved, ignore=shutil.ignore_patterns("backups"))
    outcomes: list[dict[str, Any]] = []
    while True:
        assert in_child(lambda: begin(data, saved)) == 0
        step = len(outcomes)

        def fall(step: int = step) -> None:
            fall_at(step, data, notes)
            restore(path)

        status = in_child(fall)
        what = notes.read_text() if status == KILLED else "the end"
        assert status in (0, KILLED)
        if status == KILLED:
            assert in_child(lambda: restore(path)) == 0, what
        assert in_child(lambda: found(data, notes)) == 0, what
        outcomes.append({"step": what, **json.loads(notes.read_text())})
        if status == 0:
            break
    print(json.dumps(outcomes))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "etalage.settings")
    import django

    django.setup()
    main(Path(sys.argv[1]))
