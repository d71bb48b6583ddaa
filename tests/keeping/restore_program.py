"""Restores and programs that meet them: `python -m tests.keeping.restore_program DEED [WORDS]`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def strike(path: str) -> None:
    """Put a backup back, and be killed once its rows are there and nothing of them is on hold yet."""
    from etalage.cli.upgrade import upgrade
    from etalage.keeping.restore import restore

    def upgrade_and_die() -> None:
        upgrade()
        os.kill(os.getpid(), signal.SIGKILL)

    restore(Path(path), upgrade_and_die)


def pause_before(place: str, path: str) -> None:
    """Put a backup back, but before this function ("module.name") say so, and go on once a line comes."""
    from importlib import import_module

    from etalage.cli.upgrade import upgrade
    from etalage.keeping.restore import restore
    from etalage.keeping.words import KeepingTrouble

    name, _, function = place.partition(".")
    module = import_module(f"etalage.keeping.{name}")
    real = getattr(module, function)

    def paused(*given: object) -> object:
        print("paused", flush=True)
        sys.stdin.readline()
        return real(*given)

    setattr(module, function, paused)
    try:
        restore(Path(path), upgrade)
    except KeepingTrouble as trouble:
        print(trouble)


def serve_and_tell() -> None:
    """Run the worker, and say which programs are seen at the moment when it looks for a restore."""
    from django.conf import settings

    from etalage.cli import main
    from etalage.keeping import restore
    from etalage.keeping.running import programs

    real = restore.is_unfinished

    def told(data: Path) -> bool:
        print([one.part for one in programs(settings.DATA)], flush=True)
        return real(data)

    restore.is_unfinished = told
    main(["serve", "worker"])


def come_back() -> None:
    """Open a connection, as a program does that was cut off from its database for a while."""
    from django.db import DatabaseError

    from etalage.accounts.models import Business
    from etalage.keeping.restore import keep_off_unfinished

    keep_off_unfinished()
    try:
        print(Business.objects.count())
    except DatabaseError as error:
        print(error)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "etalage.settings")
    import django

    django.setup()
    globals()[sys.argv[1]](*sys.argv[2:])
