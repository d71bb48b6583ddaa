"""`etalage rotate-keys`: seal every secret again with a new key, while the shop works."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from etalage.cli.at_work import at_work
from etalage.cli.say import NO_SHOP, complain, say


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("rotate-keys", help="seal every secret again with the first of the keys")
    command.add_argument(
        "--new-key",
        action="store_true",
        help="first step: write a fresh key before the old ones in etalage.env; then restart, then rotate",
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Add a key, or seal everything again; the status is 1 when something could not be opened."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import DatabaseError

    if not settings.DATA.exists():
        return complain(NO_SHOP)
    if not settings.SECRET_KEYS:
        return complain("ETALAGE_SECRET_KEYS is not set: there is nothing to seal with.")
    if arguments.new_key:
        return _add_key(settings.DATA / "etalage.env")
    try:
        with at_work("rotate-keys") as trouble:
            return complain(trouble) if trouble else _rotate()
    except DatabaseError as error:
        return complain(f"The database cannot be opened: {str(error).strip()}\nDo it once more: it goes on.")


def _add_key(path: Path) -> int:
    from etalage.environment import read_env_file
    from etalage.kit.secrets import new_key

    kept = read_env_file(path).get("ETALAGE_SECRET_KEYS", "")
    if not kept or any(name in os.environ for name in ("ETALAGE_SECRET_KEYS", "ETALAGE_SECRET_KEYS_FILE")):
        return complain(
            "ETALAGE_SECRET_KEYS is not set in etalage.env. Put a fresh key before the old ones where you set it, "
            f"with a comma between, for example:\n{new_key()}"
        )
    lines = path.read_text("utf-8").splitlines()
    fresh = [f"ETALAGE_SECRET_KEYS={new_key()},{kept}" if _names_keys(line) else line for line in lines]
    part = path.with_suffix(".new")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(fresh) + "\n")
        file.flush()
        os.fsync(descriptor)
    part.replace(path)
    say(f"A fresh key stands first in {path}. Keep a copy of that file apart from your backups.")
    say("Now restart the shop (so that every program knows the key), then:  etalage rotate-keys")
    return 0


def _names_keys(line: str) -> bool:
    return line.partition("=")[0].strip() == "ETALAGE_SECRET_KEYS" and not line.startswith("#")


def _rotate() -> int:
    from django.conf import settings

    from etalage.keeping.rotation import rotate
    from etalage.keeping.running import programs

    if behind := [one for one in programs(settings.DATA) if not one.knows(settings.SECRET_KEYS[0])]:
        return complain(
            f"A program that is running does not know the first key yet (process {behind[0].pid}, {behind[0].part}). "
            "Restart the shop first; nothing was changed."
        )
    tally = rotate()
    say(f"{tally.total} secrets: {tally.sealed_again} sealed again, {tally.already} were already.")
    if tally.unreadable:
        return complain(
            f"{tally.unreadable} secrets cannot be opened with any of the keys. Put back the key that is missing; "
            "do not remove another one."
        )
    if tally.changed_meanwhile:
        say(f"{tally.changed_meanwhile} were changed by the shop at that moment. Do it once more to be sure.")
        return 0
    if len(settings.SECRET_KEYS) > 1:
        say("The older keys may now be removed from ETALAGE_SECRET_KEYS.")
        say("Keep them with your older backups: what is in those can be opened with them only.")
    return 0
