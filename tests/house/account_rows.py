"""The routes of signing in, of passwords, passkeys and two steps; they are django-allauth's, and so are their ways.

Its views take PUT for POST in places, and ask members to sign in once more (here: moved) before they change how
they sign in. What matters stands in the first column: a stranger gets nowhere but to the sign-in page.
"""

from __future__ import annotations

from typing import Any

from tests.house.rows import METHODS, Row, given
from tests.house.world import ROLES

EVERYWHERE = "GET POST PUT PATCH DELETE"


def account(stranger: dict[str, str], member: dict[str, str], **more: Any) -> Row:
    """A route that makes no difference between roles. Keys are methods, such as "GET POST"."""
    others = {}
    for role in ROLES:
        told = stranger if role == "stranger" else member
        answers = {method: answer for methods, answer in told.items() for method in methods.split()}
        others |= {(role, method): answers.get(method, "not allowed") for method in METHODS}
    answers = {"POST": others["owner", "POST"]} if others["owner", "POST"] in {"ok", "moved"} else {}
    return Row("counter", answers, others=others, **more)


def closed(member: dict[str, str], **more: Any) -> Row:
    """A page for whoever is signed in."""
    return account({EVERYWHERE: "sign in"}, member, **more)


SHOWN = {"GET": "ok"}
FORM = {"GET POST PUT": "ok"}
AWAY = {EVERYWHERE: "moved"}
SIGNS_OUT = {"accounts.AuditEntry": "who signs out is led to the sign-in page, and the trail says so"}
KEEPS_ADDRESSES = {"account.EmailAddress": "a copy of the member's address is made on the first visit"}

ACCOUNT_ROWS: dict[str, Row] = {
    "account_login": account(FORM, AWAY),
    "account_login password": account(
        {"GET PUT": "ok", "POST": "moved"},
        AWAY,
        send=given(login="owner@example.com", password="a-long-password"),
    ),
    "account_logout": account({"GET POST": "sign in"}, {"GET": "ok", "POST": "sign in"}, touches=SIGNS_OUT),
    "account_inactive": account(SHOWN, SHOWN),
    "account_signup": account({EVERYWHERE: "ok"}, AWAY),  # says that nobody signs up by themselves
    "account_reauthenticate": closed(FORM),
    "account_email": closed({"GET": "ok", "POST PUT": "moved"}, touches=KEEPS_ADDRESSES),
    "account_email_verification_sent": account(SHOWN, SHOWN),
    "account_change_password": closed(FORM),
    "account_set_password": closed(AWAY),
    "account_reset_password": account(FORM, FORM),
    "account_confirm_login_code": closed(AWAY),
    "account_confirm_email": account({"GET": "ok", "POST": "missing"}, {"GET": "ok", "POST": "missing"}),
    "account_reset_password_from_key": account({EVERYWHERE: "ok"}, {EVERYWHERE: "ok"}),
    "account_reset_password_from_key_done": account(SHOWN, SHOWN),
    "account_reset_password_done": account(SHOWN, SHOWN),
    "mfa_index": closed(SHOWN),
    "mfa_authenticate": closed(AWAY),
    "mfa_reauthenticate": closed(AWAY),
    "mfa_activate_totp": closed(AWAY),
    "mfa_deactivate_totp": closed({EVERYWHERE: "missing"}),
    "mfa_view_recovery_codes": closed({"GET": "missing"}),
    "mfa_generate_recovery_codes": closed(AWAY),
    "mfa_download_recovery_codes": closed({EVERYWHERE: "missing"}),
    "mfa_list_webauthn": closed(SHOWN),
    "mfa_add_webauthn": closed(AWAY),
    "mfa_reauthenticate_webauthn": closed(AWAY),
    "mfa_remove_webauthn": closed(AWAY),
    "mfa_edit_webauthn": closed(AWAY),
    "mfa_login_webauthn": account({"GET POST PUT": "sign in"}, AWAY),
}
