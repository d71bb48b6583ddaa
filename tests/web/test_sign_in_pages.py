"""Signing in, passwords, passkeys and two steps: in the shop's look, in four languages, within the security policy."""

import re

import pytest
from django.test import Client
from django.urls import reverse

LANGUAGES = ("en", "fr", "nl", "ar")


def sign_in(world, language="en"):
    browser = Client(headers={"accept-language": language})
    answer = browser.post(
        reverse("account_login"), {"login": world.owner.email, "password": "a-long-password"}
    )
    assert answer.status_code == 302, answer.content.decode()
    # Changing how one signs in asks for the password once more.
    assert browser.post(reverse("account_reauthenticate"), {"password": "a-long-password"}).status_code == 302
    return browser


def assert_ours(answer, language):
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert "web/etalage.css" in page and page.count("<h1") == 1
    assert not re.search(r"\sstyle=|src=\"data:", page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("route", ["account_login", "account_reset_password", "account_reset_password_done"])
def test_pages_before_signing_in(world, route, language):
    assert_ours(Client(headers={"accept-language": language}).get(reverse(route)), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "route",
    [
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
    ],
)
def test_pages_of_ones_own_account(world, route, language):
    assert_ours(sign_in(world, language).get(reverse(route)), language)


def test_the_code_for_the_authenticator_is_drawn_in_the_page(world):
    page = sign_in(world).get(reverse("mfa_activate_totp")).content.decode()
    assert '<div class="qr"><svg' in page


def test_a_wrong_password_is_told_at_the_form(world):
    answer = Client().post(reverse("account_login"), {"login": world.owner.email, "password": "wrong"})
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()


def test_nobody_signs_up_by_themselves(world):
    page = Client().get(reverse("account_login")).content.decode()
    assert reverse("account_signup") not in page
    assert "closed" in Client().get(reverse("account_signup")).content.decode().lower()
