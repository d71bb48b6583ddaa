"""`etalage restore`: put a backup back, without posting anything twice."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from etalage.cli.say import complain, say

DEAD_LINKS = "then the links in letters that went out before do not work any more."
AGAIN = "then every channel must be connected again, and second steps of sign-in are gone."


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("restore", help="put a backup back; the present state is kept aside")
    command.add_argument("file", type=Path, help="a file that `etalage backup` made")
    command.add_argument(
        "--data", default=os.environ.get("ETALAGE_DATA", "etalage-data"), help="the data folder"
    )
    command.add_argument("--yes", action="store_true", help="do not ask before a shop is replaced")
    command.add_argument(
        "--new-keys",
        action="store_true",
        help="the old keys are lost: make new ones; channels must then be connected again",
    )
    command.add_argument(
        "--copy",
        action="store_true",
        help="only a copy to try out, while the shop goes on elsewhere: it forgets all tokens and never posts",
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check the backup, ask, put it back, and say what waits for people."""
    from etalage.keeping.archive import manifest_of
    from etalage.keeping.words import KeepingTrouble

    folder = Path(arguments.data).expanduser().resolve()
    os.environ["ETALAGE_DATA"] = str(folder)
    try:
        manifest = manifest_of(arguments.file)
        if trouble := _prepare_keys(arguments, folder, manifest):
            return complain(trouble)
    except KeepingTrouble as trouble:
        return complain(str(trouble))
    except OSError as error:
        return complain(f"The folder {folder} cannot be written: {error.strerror}.")
    import django

    django.setup()
    from django.db import DatabaseError

    from etalage.cli.upgrade import upgrade
    from etalage.keeping.restore import holds_a_shop, refuse, restore

    try:
        refuse(manifest)
        if holds_a_shop() and not arguments.yes and not _agreed(folder, manifest.taken_at):
            return complain("Nothing was changed.")
        restored = restore(arguments.file, upgrade, as_copy=arguments.copy)
    except KeepingTrouble as trouble:
        return complain(str(trouble))
    except (DatabaseError, OSError) as error:
        return complain(
            f"The restore could not be finished: {str(error).strip()}\nMend that, then do it once more."
        )
    _tell(restored)
    return 0


def _prepare_keys(arguments: argparse.Namespace, folder: Path, manifest: Any) -> str:
    """See that the backup's secrets can be opened; what to do first when not, in a sentence.

    A folder without settings gets the backup's, with the keys that came along or with new ones.
    """
    from etalage.cli.setup import write_env
    from etalage.environment import Environment
    from etalage.keeping.settings_file import settings_in
    from etalage.kit.secrets import fingerprint

    env = folder / "etalage.env"
    found = Environment.load({**os.environ, "ETALAGE_DATA": str(folder)}).words("ETALAGE_SECRET_KEYS")
    if not found:
        if not (manifest.with_keys or arguments.new_keys):
            if manifest.opens_with(set()):
                return f"Put the etalage.env that you kept to {env} first, or restore with --new-keys: {DEAD_LINKS}"
            return (
                f"Put the etalage.env that you kept to {env} first (its keys open the backup's secrets), or restore "
                f"with --new-keys: {AGAIN}"
            )
        kept = settings_in(arguments.file, with_keys=not arguments.new_keys)
        write_env(folder, kept.pop("ETALAGE_PUBLIC_ADDRESS", "http://localhost:8000"), **kept)
        return ""
    if arguments.new_keys or manifest.opens_with({fingerprint(key) for key in found}):
        return ""
    return (
        f"The keys in {env} are not those that the backup's secrets are sealed with. Put back the file that you kept, "
        f"or restore with --new-keys: {AGAIN}"
    )


def _agreed(folder: Path, taken_at: str) -> bool:
    """Whether a person says yes; nobody at the keyboard means no."""
    say(
        f"There is a shop in {folder}. It will be kept aside, and the backup of {taken_at[:16]} (UTC) takes its place."
    )
    if not sys.stdin.isatty():
        say("Say that you want this: --yes")
        return False
    return input("Type yes to go on: ").strip().lower() == "yes"


def _tell(restored: Any) -> None:
    hold = restored.hold
    say(f"The backup of {restored.manifest.taken_at[:16]} (UTC) is back.")
    if restored.aside:
        say(f"The state before is kept in {restored.aside}   (delete it when you do not need it any more)")
    for file in restored.lost:
        say(f"What had come in since the backup could not be taken over from there: {file}")
    if hold.looked_for:
        say(
            f"{hold.looked_for} posts may have gone out since: each is looked for on its network before anything is "
            "sent; where that cannot be told, the shop asks you."
        )
    if not restored.can_look:
        say(
            f"The public address has changed since the backup ({restored.manifest.public_address}), so posts cannot be "
            f"found by their links: the shop asks you about {hold.asked} posts."
        )
    if hold.unscheduled:
        then = "it is looked for first" if restored.can_look else "the shop asks you first"
        say(
            f"{hold.unscheduled} drafts and approved posts may have been scheduled and gone out since: "
            f"once you schedule one, {then}."
        )
    if hold.erased:
        say(f"{hold.erased} people who asked to be forgotten since were erased again.")
    if hold.forgets_erased:
        say(
            "The key by which it is known who was erased is lost: what networks tell once more of people who asked to "
            "be forgotten comes in again. Put the erased-people.txt that was kept with the backups beside this one "
            "and restore once more, or erase them again."
        )
    if hold.channels_lost:
        say(f"{hold.channels_lost} channels must be connected again: their tokens are not here.")
    if hold.second_steps_lost:
        say(f"{hold.second_steps_lost} second steps of sign-in are gone: their members set them up again.")
    say("Everybody signs in again. Look at Members too: who left since the backup is back.")
    say("Start the shop:  etalage serve")
