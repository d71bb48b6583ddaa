"""`etalage init` and `etalage sign-in`: a new shop, and a way in."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from etalage.cli.say import complain, say


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
    link.set_defaults(run=run_sign_in)


def write_env(folder: Path, public_address: str, **more: str) -> None:
    """Write `etalage.env` with fresh keys, readable only by its owner; an existing file is left alone."""
    from etalage.kit.secrets import new_key

    folder.mkdir(parents=True, exist_ok=True)
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


def run_init(arguments: argparse.Namespace) -> int:
    """Make the folder, the keys, the database, the business, its owner and first store."""
    folder = Path(arguments.data).expanduser().resolve()
    os.environ["ETALAGE_DATA"] = str(folder)
    write_env(folder, arguments.address)
    import django

    django.setup()
    from django.core.management import call_command

    from etalage.accounts.actions import create_business, issue_sign_in_link, save_store
    from etalage.accounts.models import Business, Store
    from etalage.kit.clock import zone

    try:
        zone(arguments.timezone)
    except ValueError:
        return complain(f"{arguments.timezone} is no time zone. Use a name such as Europe/Brussels.")
    call_command("migrate", verbosity=0)
    if Business.objects.exists():
        return complain(f"There is a shop in {folder} already. Start it with: etalage serve")
    _business, owner = create_business(
        arguments.name,
        owner_email=arguments.email,
        owner_name=arguments.owner,
        language=arguments.language,
        currency=arguments.currency.upper(),
        timezone=arguments.timezone,
        email=arguments.email,
    )
    store_name = arguments.store or arguments.name
    save_store(owner, Store(code="1", name=store_name, timezone=arguments.timezone))
    say(f"{arguments.name} is ready in {folder}.")
    say(
        "1. Start it:        etalage serve"
        + ("" if arguments.data == "etalage-data" else f"   (with ETALAGE_DATA={folder})")
    )
    say(f"2. Open this once:  {arguments.address}/enter/{issue_sign_in_link(owner)}/   (valid for 24 hours)")
    return 0


def run_sign_in(arguments: argparse.Namespace) -> int:
    """Print a new one-time link for a member."""
    import django

    django.setup()
    from django.conf import settings

    from etalage.accounts.actions import issue_sign_in_link
    from etalage.accounts.models import Member

    member = Member.objects.filter(email=arguments.email.strip().lower(), is_active=True).first()
    if member is None:
        return complain(f"No active member has the address {arguments.email}.")
    say(f"{settings.PUBLIC_ADDRESS}/enter/{issue_sign_in_link(member)}/")
    return 0
