"""The second step of signing in asks for what the member has, in our own words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.test import Client
from django.urls import reverse

from etalage.accounts.models import Member
from tests.conftest import World
from tests.passkey import Passkey

PASSWORD = "a-long-password"
PASSKEY, APP, CODES = "passkey", "app", "codes"


def add_passkey(member: Member) -> None:
    """A passkey as a browser registers one, with a key of its own."""
    WebAuthn.add(member, "Phone", Passkey().registered())


def give(member: Member, *steps: str) -> None:
    if PASSKEY in steps:
        add_passkey(member)
    if APP in steps:
        TOTP.activate(member, "JBSWY3DPEHPK3PXP")
    if CODES in steps:
        RecoveryCodes.activate(member)


def second_step(member: Member, language: str = "en") -> Any:
    browser = Client(headers={"accept-language": language})
    answer = browser.post(reverse("account_login"), {"login": member.email, "password": PASSWORD})
    assert answer.headers["Location"].startswith(reverse("mfa_authenticate"))
    return browser.get(reverse("mfa_authenticate"))


def asked(page: str) -> dict[str, bool]:
    """What stands open on the page: the passkey's button, a field for a code."""
    folded = page.find("<details")
    code = page.find('name="code"')
    return {
        PASSKEY: 'id="mfa_webauthn_authenticate"' in page,
        "code": code != -1 and (folded == -1 or code < folded),
        "folded code": folded != -1 and code > folded,
    }


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((PASSKEY,), {PASSKEY: True, "code": False, "folded code": False}),
        ((PASSKEY, CODES), {PASSKEY: True, "code": False, "folded code": True}),
        ((APP,), {PASSKEY: False, "code": True, "folded code": False}),
        ((APP, CODES), {PASSKEY: False, "code": True, "folded code": False}),
        ((PASSKEY, APP, CODES), {PASSKEY: True, "code": True, "folded code": False}),
    ],
)
def test_the_second_step_asks_for_what_the_member_has(
    world: World, steps: tuple[str, ...], expected: dict[str, bool]
) -> None:
    give(world.owner, *steps)
    page = second_step(world.owner).content.decode()
    assert asked(page) == expected
    assert ("recovery codes" in page) == (CODES in steps)
    assert "authenticator" in page or APP not in steps
    assert page.count("<h1") == 1


def test_a_recovery_code_signs_in_whoever_has_only_a_passkey(world: World) -> None:
    give(world.owner, PASSKEY, CODES)
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    shown = second_step(world.owner)
    assert shown.client.post(reverse("mfa_authenticate"), {"code": "00000000"}).status_code == 200
    answer = shown.client.post(reverse("mfa_authenticate"), {"code": code})
    assert answer.status_code == 302
    assert shown.client.get(reverse("mfa_index")).status_code == 200


def test_a_member_with_only_a_passkey_confirms_with_it_and_not_with_a_code(world: World) -> None:
    give(world.owner, PASSKEY, CODES)
    world.owner.set_unusable_password()
    world.owner.save()
    browser = Client()
    browser.force_login(world.owner, "django.contrib.auth.backends.ModelBackend")
    answer = browser.get(reverse("mfa_activate_totp"), follow=True)
    assert answer.request["PATH_INFO"] == reverse("mfa_reauthenticate_webauthn")
    page = answer.content.decode()
    assert "mfa_webauthn_reauthenticate" in page
    assert "Use a code" in page


MANAGED = [
    "mfa_index",
    "account_email",
    "account_change_password",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_activate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
]


@pytest.mark.parametrize("route", MANAGED)
@pytest.mark.parametrize("role", ["owner", "counter"])
def test_every_page_of_ones_sign_in_lies_under_the_settings(world: World, route: str, role: str) -> None:
    member: Member = getattr(world, role)
    browser = Client()
    browser.post(reverse("account_login"), {"login": member.email, "password": PASSWORD})
    give(member, *([] if route == "mfa_activate_totp" else [PASSKEY, CODES]))
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    of_one = route in {"mfa_edit_webauthn", "mfa_remove_webauthn"}
    passkey = Authenticator.objects.filter(type="webauthn").first()
    answer = browser.get(reverse(route, args=[passkey.pk] if of_one and passkey else []))
    assert answer.status_code == 200, answer.headers
    page = answer.content.decode()
    assert re.search(rf'<nav class="tabs"[^>]*>.*href="{reverse("mfa_index")}" aria-current="page"', page)
    assert (reverse("accounts:settings") in page) == (role == "owner")
    item = rf'<a[^>]*href="{reverse("accounts:settings")}"[^>]*aria-current="page"'
    assert bool(re.search(item, page)) == (role == "owner")
    assert re.search(r"<h1>[^<]+</h1>", page)
    assert page.count("<h1") == 1


def test_the_page_of_addresses_shows_and_changes_only_ones_own(world: World) -> None:
    for member in (world.owner, world.counter):
        EmailAddress.objects.create(user=member, email=member.email, primary=True, verified=True)
    other = EmailAddress.objects.create(user=world.owner, email="second@example.com")
    stranger = Client().get(reverse("account_email"))
    assert stranger.headers["Location"].startswith(reverse("account_login"))
    browser = Client()
    browser.post(reverse("account_login"), {"login": world.counter.email, "password": PASSWORD})
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = browser.get(reverse("account_email")).content.decode()
    assert world.counter.email in page
    assert world.owner.email not in page
    assert other.email not in page
    assert "action_remove" not in page  # the address that one signs in with stays
    for deed in ("action_primary", "action_remove", "action_send"):
        browser.post(reverse("account_email"), {"email": other.email, deed: ""})
    other.refresh_from_db()
    assert (other.primary, other.user_id) == (False, world.owner.pk)
    browser.post(reverse("account_email"), {"email": world.owner.email, "action_add": ""})
    assert not EmailAddress.objects.filter(user=world.counter, email=world.owner.email).exists()
    world.counter.refresh_from_db()
    assert world.counter.email != world.owner.email
