"""`etalage backup`: the whole shop in one checked file, made while it works."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from etalage.cli.at_work import at_work
from etalage.cli.say import complain, say


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("backup", help="save the whole shop into one file, while it works")
    command.add_argument(
        "file", nargs="?", type=Path, help="the file to make; if not given, one in the data folder's backups/"
    )
    command.add_argument(
        "--keep", type=count, default=0, metavar="N", help="delete the oldest beside it, so that N are left"
    )
    command.add_argument(
        "--with-keys",
        action="store_true",
        help="put the secret keys into it: whoever gets the file can then post as the shop",
    )
    command.set_defaults(run=run)


def count(text: str) -> int:
    """Read a number of backups; argparse shows the sentence of what is none."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of backups. Keep at least 1.")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Make a backup and say where it is and what must be kept apart from it."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import DatabaseError

    from etalage.keeping.backup import make_backup
    from etalage.keeping.words import KeepingTrouble, megabytes

    try:
        with at_work("backup") as trouble:
            if trouble:
                return complain(trouble)
            made = make_backup(arguments.file, with_keys=arguments.with_keys, keep=arguments.keep)
    except KeepingTrouble as trouble:
        return complain(str(trouble))
    except DatabaseError as error:
        return complain(f"The database cannot be opened: {str(error).strip()}")
    except OSError as error:
        return complain(f"The backup could not be written: {error.strerror}. Nothing of it is left.")
    rows = sum(made.manifest.counts.values())
    say(
        f"{made.path}   {megabytes(made.size)}, {rows} rows, {len(made.manifest.files)} files, checked by opening it"
    )
    if not made.is_noted:
        say("That it was made could not be noted in the data folder, so `etalage check` does not know of it.")
    if made.dropped:
        say(f"{made.dropped} older ones were deleted.")
    if made.manifest.with_keys:
        say(
            "The secret keys are IN this file: whoever has it can post as the shop. Keep it as you keep a password."
        )
    else:
        say(
            "The secret keys are NOT in this file. Keep a copy of them apart from it, or the channels must all be"
        )
        say(f"connected again after a restore: {settings.DATA / 'etalage.env'}   (or wherever you set them)")
    if made.path.is_relative_to(settings.DATA):
        say("Copy it to another machine: a backup beside its shop goes where the shop goes.")
    return 0
