"""`etalage check`: is this installation sound?"""

from __future__ import annotations

import argparse
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from etalage.cli.say import NO_SHOP, complain, say

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

SILENT = {
    "security.W004",
    "security.W008",
    "security.W012",
    "security.W016",
    "security.W021",
}

OLD_BACKUP = timedelta(days=2)


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("check", help="say whether this installation is sound")
    command.set_defaults(run=run)


def kept() -> list[CheckMessage]:
    """What is to be said about backups, a restore that was cut off, and keys that are not needed any more."""
    from django.conf import settings
    from django.core.checks import Error, Info, Warning
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError

    from etalage.keeping.backup import last_backup
    from etalage.keeping.restore import is_unfinished
    from etalage.keeping.rotation import survey

    messages: list[CheckMessage] = []
    with suppress(DatabaseError):  # a database that is away is told of by others
        if is_unfinished(settings.DATA):
            hint = "Wait for its end, or do it once more: etalage restore FILE"
            messages.append(Error("A restore is at work, or was cut off half-way.", hint=hint))
    last = last_backup()
    if last is None and not settings.DEMO:
        messages.append(
            Warning("There never was a backup.", hint="Make one each day: etalage backup --keep 14")
        )
    elif last is not None and last.age > OLD_BACKUP:
        hint = "Make one each day: etalage backup --keep 14"
        messages.append(Warning(f"The last backup was {days(last.age)}: {last.path}", hint=hint))
    try:
        tally = survey()
    except (
        DatabaseError,
        ImproperlyConfigured,
        ValueError,
    ):  # said already, by the checks of database and keys
        return messages
    if tally.unreadable:
        messages.append(
            Error(
                f"{tally.unreadable} secrets cannot be opened with any of ETALAGE_SECRET_KEYS.",
                hint="Put back the key that is missing, or connect the channels again.",
            )
        )
    elif tally.sealed_again:
        hint = "Seal them again: etalage rotate-keys"
        messages.append(Warning(f"{tally.sealed_again} secrets are sealed with an older key.", hint=hint))
    elif len(settings.SECRET_KEYS) > 1:
        hint = "Keep them with your older backups: what is in those can be opened with them only."
        messages.append(Info("The older keys in ETALAGE_SECRET_KEYS may be removed.", hint=hint))
    return messages


def days(age: timedelta) -> str:
    """How long ago, in words."""
    if age.days < 1:
        return "today" if age < timedelta(hours=12) else "less than a day ago"
    return "a day ago" if age.days == 1 else f"{age.days} days ago"


def run(arguments: argparse.Namespace) -> int:
    """Print every finding with what to do; the status is 1 when something must be mended first."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.checks import ERROR, INFO, WARNING, run_checks
    from django.db import DatabaseError

    from etalage.keeping.backup import last_backup

    if not settings.DATA.exists():
        return complain(NO_SHOP)
    try:
        everything = run_checks(include_deployment_checks=True, databases=["default"])
    except DatabaseError as error:  # Django's own checks of models ask the database what it can do
        return complain(f"The database cannot be opened: {str(error).strip()}")
    found = [message for message in [*everything, *kept()] if message.id not in SILENT]
    for message in found:
        word = "good to know" if message.level <= INFO else "should be looked at"
        word = "must be mended" if message.level >= ERROR else word
        say(f"[{word}] {message.msg}")
        if message.hint:
            say(f"    {message.hint}")
    database = settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1]
    say(f"Data folder: {settings.DATA}   Database: {database}   Public address: {settings.PUBLIC_ADDRESS}")
    if last := last_backup():
        say(f"Last backup: {days(last.age)}   {last.path}")
    if not [message for message in found if message.level >= WARNING]:
        say("Everything is sound.")
    return int(any(message.level >= ERROR for message in found))
