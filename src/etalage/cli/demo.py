"""`etalage demo`."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("demo")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run it."""
    return 0
