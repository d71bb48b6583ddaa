"""What people do to their own sign-in, each with a form that is taken: the routes of django-allauth.

A row's name is the route's, and more words where one route takes several forms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY, WebAuthn
from django.core import mail
from django.test import Client
from django.urls import reverse

from etalage.accounts.models import Member
from tests.accounts.test_sign_in import PASSWORD, code_of, confirmed, sign_in, with_authenticator
from tests.house.world import House
from tests.passkey import Passkey

Asked = tuple[Client, str, dict[str, Any]]  # whose browser, the address, the form
NEW = {"password1": "moules-frites-2026", "password2": "moules-frites-2026"}
OTHER = "also-owner@example.com"


def _signed_in(house: House) -> Client:
    """A browser in which the owner typed their password just now."""
    return confirmed(sign_in(house.owner.email)[0])


def _own(route: str, **form: str) -> Callable[[House], Asked]:
    return lambda house: (_signed_in(house), reverse(route), form)


def _log_in(house: House) -> Asked:
    return Client(), reverse("account_login"), {"login": house.owner.email, "password": PASSWORD}


def _address(verb: str, **facts: bool) -> Callable[[House], Asked]:
    def prepare(house: House) -> Asked:
        browser = _signed_in(house)
        browser.get(reverse("account_email"))  # the member's own address becomes a row
        EmailAddress.objects.create(user=house.owner, email=OTHER, **facts)
        return browser, reverse("account_email"), {"email": OTHER, f"action_{verb}": ""}

    return prepare


def _first_password(house: House) -> Asked:
    eve = Member.objects.get(pk=house.ids["member_id"])
    browser = Client()
    browser.post(reverse("accounts:enter", args=[house.ids["secret"]]))
    assert not eve.has_usable_password()
    return browser, reverse("account_set_password"), NEW


def _forgotten(house: House) -> Asked:
    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": house.owner.email})
    link = re.search(r"https?://[^/\s]+(/\S+)", str(mail.outbox[-1].body))
    assert link
    return browser, browser.get(link[1]).headers["Location"], NEW


def _letter_opened(house: House) -> Asked:
    address = EmailAddress.objects.create(user=house.owner, email=OTHER)
    key = EmailConfirmationHMAC.create(address).key
    return Client(), reverse("account_confirm_email", args=[key]), {}


def _recovery_code(member: Member) -> str:
    codes: list[str] = Authenticator.objects.get(user=member, type="recovery_codes").wrap().get_unused_codes()
    return codes[0]


def _second_step(house: House) -> Asked:
    with_authenticator(house.owner)
    browser, _answer = sign_in(house.owner.email)
    return browser, reverse("mfa_authenticate"), {"code": _recovery_code(house.owner)}


def _confirm_by_code(house: House) -> Asked:
    browser, _secret = with_authenticator(house.owner)
    return browser, reverse("mfa_reauthenticate"), {"code": _recovery_code(house.owner)}


def _new_app(house: House) -> Asked:
    browser = _signed_in(house)
    page = browser.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    assert found
    return browser, reverse("mfa_activate_totp"), {"code": code_of(found[1])}


def _with_app(route: str) -> Callable[[House], Asked]:
    return lambda house: (with_authenticator(house.owner)[0], reverse(route), {})


def _challenge(browser: Client) -> str:
    return str(browser.session[STATE_SESSION_KEY]["challenge"])


def _new_passkey(house: House) -> Asked:
    browser = _signed_in(house)
    browser.get(reverse("mfa_add_webauthn"))
    credential = json.dumps(Passkey().registered(_challenge(browser)))
    return browser, reverse("mfa_add_webauthn"), {"name": "Phone", "credential": credential}


def _with_passkey(house: House) -> tuple[Passkey, Authenticator]:
    passkey = Passkey()
    return passkey, WebAuthn.add(house.owner, "Phone", passkey.registered()).instance


def _on_passkey(route: str, **form: str) -> Callable[[House], Asked]:
    def prepare(house: House) -> Asked:
        browser = _signed_in(house)
        return browser, reverse(route, args=[_with_passkey(house)[1].pk]), form

    return prepare


def _confirm_by_passkey(house: House) -> Asked:
    browser, address = _signed_in(house), reverse("mfa_reauthenticate_webauthn")
    passkey, _row = _with_passkey(house)
    browser.get(address)
    return browser, address, {"credential": json.dumps(passkey.signed(_challenge(browser), house.owner))}


def _log_in_by_passkey(house: House) -> Asked:
    browser, address = Client(), reverse("mfa_login_webauthn")
    passkey, _row = _with_passkey(house)
    browser.get(address, headers={"x-requested-with": "XMLHttpRequest"})
    return browser, address, {"credential": json.dumps(passkey.signed(_challenge(browser), house.owner))}


SIGN_IN_DEEDS: dict[str, Callable[[House], Asked]] = {
    "account_login": _log_in,
    "account_logout": _own("account_logout"),
    "account_reauthenticate": _own("account_reauthenticate", password=PASSWORD),
    "account_email add": _own("account_email", email=OTHER, action_add=""),
    "account_email send": _address("send"),
    "account_email remove": _address("remove"),
    "account_email primary": _address("primary", verified=True),
    "account_change_password": _own("account_change_password", oldpassword=PASSWORD, **NEW),
    "account_set_password": _first_password,
    "account_reset_password": lambda house: (
        Client(),
        reverse("account_reset_password"),
        {"email": house.owner.email},
    ),
    "account_reset_password_from_key": _forgotten,
    "account_confirm_email": _letter_opened,
    "mfa_authenticate": _second_step,
    "mfa_reauthenticate": _confirm_by_code,
    "mfa_activate_totp": _new_app,
    "mfa_deactivate_totp": _with_app("mfa_deactivate_totp"),
    "mfa_generate_recovery_codes": _with_app("mfa_generate_recovery_codes"),
    "mfa_add_webauthn": _new_passkey,
    "mfa_remove_webauthn": _on_passkey("mfa_remove_webauthn"),
    "mfa_edit_webauthn": _on_passkey("mfa_edit_webauthn", name="Old phone"),
    "mfa_reauthenticate_webauthn": _confirm_by_passkey,
    "mfa_login_webauthn": _log_in_by_passkey,
}

# Routes of that library that take no form here.
NO_FORM = {
    "account_signup": "nobody signs up by themselves",
    "account_confirm_login_code": "nobody signs in by a code in a letter",
    "mfa_download_recovery_codes": "a file to read",
}
