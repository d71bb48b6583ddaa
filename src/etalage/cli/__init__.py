"""The command `etalage`. Each sub-command is a file of its own; Django's own commands pass through."""

from __future__ import annotations

import argparse
import os
import sys

from etalage import __version__
from etalage.cli import backup, check, demo, events, importing, restore, results, rotate, serve, setup
from etalage.cli.at_work import UNFINISHED, at_work
from etalage.cli.say import complain
from etalage.environment import WrongSetting

COMMANDS = (demo, setup, serve, check, backup, restore, rotate, importing, results, events)


def parser() -> argparse.ArgumentParser:
    """The parser of every sub-command."""
    top = argparse.ArgumentParser(
        prog="etalage", description="See which post sold what, online or at the till."
    )
    top.add_argument("--version", action="version", version=f"etalage {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_to(commands)
    return top


def main(argv: list[str] | None = None) -> None:
    """Run one sub-command; exits with its status."""
    words = sys.argv[1:] if argv is None else argv
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "etalage.settings")
    top = parser()
    if words and words[0] == "manage":
        _django(words[1:])
        return
    arguments = top.parse_args(words)
    try:
        sys.exit(arguments.run(arguments))
    except WrongSetting as trouble:
        sys.exit(complain(str(trouble)))


def _django(words: list[str]) -> None:
    """Run one of Django's own commands, seen by a restore and kept off one, as every other is.

    Many of them need neither a folder nor a database, so nothing else is asked for here.
    """
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    from etalage.keeping.restore import keep_off_unfinished

    with at_work("manage") as trouble:
        if trouble == UNFINISHED:
            sys.exit(complain(trouble))
        if trouble:  # another machine may restore the database of a folder that is not here
            keep_off_unfinished()
        execute_from_command_line(["etalage manage", *words])
