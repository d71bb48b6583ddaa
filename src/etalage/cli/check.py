"""`etalage check`: is this installation sound?"""

from __future__ import annotations

import argparse
from typing import Any

from etalage.cli.say import NO_SHOP, complain, say

SILENT = {
    "security.W004",
    "security.W008",
    "security.W012",
    "security.W016",
    "security.W021",
}


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("check", help="say whether this installation is sound")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every finding with what to do; the status is 1 when something must be mended first."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.checks import ERROR, WARNING, run_checks
    from django.db import DatabaseError

    if not settings.DATA.exists():
        return complain(NO_SHOP)
    try:
        everything = run_checks(include_deployment_checks=True, databases=["default"])
    except DatabaseError as error:  # Django's own checks of models ask the database what it can do
        return complain(f"The database cannot be opened: {str(error).strip()}")
    found = [message for message in everything if message.id not in SILENT]
    for message in found:
        word = "must be mended" if message.level >= ERROR else "should be looked at"
        say(f"[{word}] {message.msg}")
        if message.hint:
            say(f"    {message.hint}")
    database = settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1]
    say(f"Data folder: {settings.DATA}   Database: {database}   Public address: {settings.PUBLIC_ADDRESS}")
    if not [message for message in found if message.level >= WARNING]:
        say("Everything is sound.")
    return int(any(message.level >= ERROR for message in found))
