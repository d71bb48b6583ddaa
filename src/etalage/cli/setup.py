"""`etalage init` and `etalage sign-in`: a new shop, and a way in."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from etalage.cli.at_work import at_work
from etalage.cli.say import complain, say

LONGEST_NAME = 120


def add_to(commands: Any) -> None:
    """Add the sub-commands."""
    init = commands.add_parser("init", help="set up a shop in a data folder")
    init.add_argument(
        "--data", default=os.environ.get("ETALAGE_DATA", "etalage-data"), help="the data folder"
    )
    init.add_argument("--name", required=True, help="the name of the business")
    init.add_argument("--email", required=True, help="the owner's e-mail address")
    init.add_argument("--owner", default="", help="the owner's name")
    init.add_argument("--language", default="en", choices=["en", "fr", "nl", "ar"])
    init.add_argument("--currency", default="EUR", help="three letters, such as EUR")
    init.add_argument("--timezone", default="Europe/Brussels", help="such as Europe/Brussels")
    init.add_argument(
        "--store", default="", help="the name of the first store; the business's name if not given"
    )
    init.add_argument("--address", default="http://localhost:8000", help="the public address of the shop")
    init.set_defaults(run=run_init)
    link = commands.add_parser("sign-in", help="make a one-time sign-in link for a member")
    link.add_argument("email")
    link.add_argument(
        "--without-second-step",
        action="store_true",
        help="also remove the member's passkeys and second steps, for who lost them",
    )
    link.set_defaults(run=run_sign_in)


def write_env(folder: Path, public_address: str, **more: str) -> None:
    """Write `etalage.env` with fresh keys, readable only by its owner; an existing file is left alone."""
    from etalage.kit.secrets import new_key

    # Nobody else on the machine reads customers' data; a folder that was there keeps the rights it has.
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "etalage.env"
    if path.exists():
        return
    values = {
        "ETALAGE_SECRET_KEY": new_key(),
        "ETALAGE_SECRET_KEYS": new_key(),
        "ETALAGE_PUBLIC_ADDRESS": public_address,
        **more,
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(
            "# Keep this file secret and keep a copy: without its keys the shop's tokens cannot be read.\n"
        )
        file.writelines(f"{name}={value}\n" for name, value in values.items())


def wrong_answer(arguments: argparse.Namespace) -> str:
    """What is wrong with the answers to `etalage init`, in a sentence; empty when nothing is."""
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from etalage.kit.clock import zone
    from etalage.kit.money import is_currency

    if not arguments.name.strip() or len(arguments.name) > LONGEST_NAME:
        return f"Give the business a name of at most {LONGEST_NAME} letters."
    try:
        validate_email(arguments.email)
    except ValidationError:
        return f"{arguments.email} is no e-mail address."
    if not is_currency(arguments.currency.upper()):
        return f"{arguments.currency} is no currency. Use three letters such as EUR."
    try:
        zone(arguments.timezone)
    except ValueError:
        return f"{arguments.timezone} is no time zone. Use a name such as Europe/Brussels."
    if not is_site(arguments.address):
        return f"{arguments.address} is no address of a shop. Use something like https://shop.example.com"
    return ""


def is_site(address: str) -> bool:
    """Whether `address` names a web site, without a page of it."""
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.path.strip("/")
    except ValueError:
        return False


def run_init(arguments: argparse.Namespace) -> int:
    """Make the folder, the keys, the database, the business, its owner and first store.

    Nothing is written when an answer is wrong.
    """
    if trouble := wrong_answer(arguments):
        return complain(trouble)
    folder = Path(arguments.data).expanduser().resolve()
    os.environ["ETALAGE_DATA"] = str(folder)
    try:
        write_env(folder, arguments.address.rstrip("/"))
    except OSError as error:
        return complain(f"The folder {folder} cannot be written: {error.strerror}.")
    import django

    django.setup()
    with at_work("init") as trouble:
        return complain(trouble) if trouble else _set_up(arguments, folder)


def _set_up(arguments: argparse.Namespace, folder: Path) -> int:
    from django.conf import settings
    from django.db import DatabaseError, transaction

    from etalage.accounts.actions import create_business, issue_sign_in_link, save_store
    from etalage.accounts.models import Business, Store
    from etalage.cli.upgrade import upgrade

    try:
        upgrade()
    except DatabaseError as error:
        return complain(f"The database cannot be opened: {str(error).strip()}")
    if Business.objects.exists():
        return complain(f"There is a shop in {folder} already. Start it with: etalage serve")
    with transaction.atomic():
        _business, owner = create_business(
            arguments.name.strip(),
            owner_email=arguments.email,
            owner_name=arguments.owner,
            language=arguments.language,
            currency=arguments.currency.upper(),
            timezone=arguments.timezone,
            email=arguments.email,
        )
        store_name = arguments.store or arguments.name.strip()
        save_store(owner, Store(code="1", name=store_name, timezone=arguments.timezone))
    link = f"{settings.PUBLIC_ADDRESS}/enter/{issue_sign_in_link(owner)}/"
    say(f"{arguments.name} is ready in {folder}.")
    say(
        "1. Start it:        etalage serve"
        + ("" if arguments.data == "etalage-data" else f"   (with ETALAGE_DATA={folder})")
    )
    say(f"2. Open this once:  {link}   (valid for 24 hours)")
    return 0


def run_sign_in(arguments: argparse.Namespace) -> int:
    """Print a new one-time link for a member."""
    import django

    django.setup()
    with at_work("sign-in") as trouble:
        return complain(trouble) if trouble else _sign_in(arguments)


def _sign_in(arguments: argparse.Namespace) -> int:
    from django.conf import settings

    from etalage.accounts.actions import issue_link_for, remove_second_steps
    from etalage.accounts.models import Member

    member = Member.objects.filter(email=arguments.email.strip().lower(), is_active=True).first()
    if member is None:
        return complain(f"No active member has the address {arguments.email}.")
    if arguments.without_second_step:
        remove_second_steps(None, member)
    say(f"{settings.PUBLIC_ADDRESS}/enter/{issue_link_for(None, member)}/")
    return 0
