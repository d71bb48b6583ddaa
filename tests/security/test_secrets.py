"""A secret that was given to the shop is found again nowhere: not in rows, files, logs or pages."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as installed
from django.db import connection
from django.test import Client
from django.urls import reverse

from etalage.accounts import actions
from etalage.channels.models import Channel
from tests.accounts.test_sign_in import PASSWORD, with_authenticator
from tests.conftest import World
from tests.house.urls import addresses
from tests.practice_network import PracticeNetwork


def everything_kept() -> str:
    """Every row of every table, tables of no model too, as text."""
    with connection.cursor() as cursor:
        kept = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            kept += [repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in cursor]
    return "\n".join(kept)


def files_kept() -> bytes:
    """The database's files as they are, where it has any: what was overwritten may still lie there."""
    if connection.vendor != "sqlite":
        return b""
    name = Path(str(connection.settings_dict["NAME"]))
    return b"".join(path.read_bytes() for path in name.parent.glob(name.name + "*"))


def pages(client: Client) -> str:
    """Every page without a place in its address."""
    shown = []
    for address in addresses():
        if not address.params and address.name not in {"web:live", "account_logout"}:
            shown.append(b"".join(client.get(reverse(address.name))).decode(errors="replace"))
    return "\n".join(shown)


def assert_nowhere(secret: str, logs: str, shown: str) -> None:
    """The secret is in no row, file, log or page."""
    assert len(secret) > 5
    assert secret not in everything_kept()
    assert secret.encode() not in files_kept()
    assert secret not in logs
    assert secret not in shown


@pytest.mark.django_db(transaction=True)
def test_the_search_finds_what_is_there(world: World) -> None:
    assert "Maison Lune" in everything_kept()
    if connection.vendor == "sqlite":
        assert b"Maison Lune" in files_kept()


@pytest.mark.django_db(transaction=True)
def test_the_token_of_a_channel_is_found_nowhere(
    signed_in: dict[str, Client], on_offer: PracticeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    owner = signed_in["owner"]
    token = on_offer.open_account().token
    answer = owner.post("/channels/connect/practice/", {"token": token, "language": "en"})
    assert answer.status_code == 302 and Channel.objects.count() == 1
    wrong = "wrong-token-0123456789abcdef"
    refused = owner.post("/channels/connect/practice/", {"token": wrong, "language": "en"})
    assert refused.status_code == 422
    assert wrong not in refused.content.decode()
    channel = Channel.objects.get()
    shown = pages(owner) + owner.get(f"/channels/{channel.pk}/").content.decode()
    for secret in (token, wrong):
        assert_nowhere(secret, caplog.text, shown)


@pytest.mark.django_db(transaction=True)
def test_passwords_links_and_second_steps_are_found_nowhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser, seed = with_authenticator(world.owner)
    link = actions.issue_sign_in_link(world.member)
    Client().post(f"/enter/{link}/")
    codes = browser.get("/account/2fa/recovery-codes/").content.decode()
    code = re.findall(r"\b\d{8}\b", codes)[0]
    Client().post("/account/login/", {"login": world.owner.email, "password": "guess-" + PASSWORD})
    assert Authenticator.objects.count() == 2
    shown = pages(browser).replace(codes, "")
    for secret in (PASSWORD, "guess-" + PASSWORD, link, seed):
        assert_nowhere(secret, caplog.text, shown)
    assert code not in everything_kept() + caplog.text


@pytest.mark.django_db(transaction=True)
def test_the_keys_of_the_shop_are_found_nowhere(
    signed_in: dict[str, Client], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = pages(signed_in["owner"])
    for key in (installed.SECRET_KEY, *installed.SECRET_KEYS):
        assert_nowhere(key, caplog.text, shown)
