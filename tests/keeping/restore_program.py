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
