"""Writes into the audit trail what people do to their own sign-in; that library tells of it by signals only."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out
from django.dispatch import Signal
from django.http import HttpRequest

from etalage.accounts import audit
from etalage.accounts.actions import keep_wish
from etalage.accounts.models import Member

CHOSEN_LANGUAGE = "chosen_language"  # kept in the session until somebody signs in

DEEDS: tuple[tuple[Signal, str], ...] = (
    (account.user_logged_in, "member.signed_in"),
    (user_logged_out, "member.signed_out"),
    (account.password_set, "member.password_set"),
    (account.password_changed, "member.password_changed"),
    (account.password_reset, "member.password_reset"),
    (account.email_changed, "member.email_changed"),
    (account.email_added, "member.email_added"),
    (account.email_removed, "member.email_removed"),
    (mfa.authenticator_removed, "member.second_step_removed"),
    (mfa.authenticator_reset, "member.recovery_codes_made"),
)


def keep_trail() -> None:
    """Connect every deed to its entry; called once when the room is ready."""
    for signal, action in DEEDS:
        signal.connect(_recorder(action), weak=False, dispatch_uid=f"etalage.{action}")
    mfa.authenticator_added.connect(record_added, dispatch_uid="etalage.record_added")
    account.email_confirmed.connect(record_confirmed, dispatch_uid="etalage.record_confirmed")
    account.user_logged_in.connect(keep_language, dispatch_uid="etalage.keep_language")


def record_added(sender: Any, user: Member, authenticator: Authenticator, **_more: Any) -> None:
    """Recovery codes come with the first passkey or app, and are told apart from it."""
    are_codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    audit.record(user, "member.recovery_codes_made" if are_codes else "member.second_step_added", user)


def record_confirmed(sender: Any, email_address: EmailAddress, **_more: Any) -> None:
    """Whoever opens the letter is the address's, signed in or not."""
    audit.record(email_address.user, "member.email_confirmed", email_address.user)


def keep_language(sender: Any, request: HttpRequest, user: Any, **_more: Any) -> None:
    """The language chosen on the way in stays the member's: whoever asked for Arabic is not answered in English."""
    chosen = request.session.pop(CHOSEN_LANGUAGE, "")
    if chosen and isinstance(user, Member) and user.language != chosen:
        keep_wish(user, "language", chosen)


def _recorder(action: str) -> Any:
    def record(sender: Any, user: Any = None, **_more: Any) -> None:
        if isinstance(user, Member):
            audit.record(user, action, user)

    return record
