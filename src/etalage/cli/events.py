"""`etalage events`: which event is handled by whom."""

from __future__ import annotations

import argparse
from typing import Any

from etalage.cli.say import say


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("events", help="list the events and who handles them")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per event."""
    import django

    django.setup()
    from etalage.jobs.registry import describe

    say(describe())
    return 0
