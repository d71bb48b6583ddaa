"""How sign-in behaves here: nobody signs up by themselves, and its secrets are kept encrypted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from etalage.accounts.queries import current_business
from etalage.kit.fields import configured_cipher


class AccountAdapter(DefaultAccountAdapter):
    """Members are invited by an owner; the sign-up page is closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only pages of our own are gone to after signing in; a host that merely is allowed is another site."""
        return bool(url) and url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The password first, then the passkey: a recovery code is for the day when neither is at hand."""
        return sorted(
            super().get_reauthentication_methods(user), key=lambda way: way["id"] == "mfa_reauthenticate"
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Letters come from the business, not from whatever host the request named."""
        sender = SimpleNamespace(
            name=current_business().name, domain=urlsplit(settings.PUBLIC_ADDRESS).netloc
        )
        super().send_mail(template_prefix, email, {**context, "current_site": sender})

    def format_email_subject(self, subject: str) -> str:
        """The subject begins with the business's name."""
        return f"[{current_business().name}] {subject}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the letter names the shop's public address, whatever host the request named."""
        url = str(super().get_reset_password_from_key_url(key))
        return settings.PUBLIC_ADDRESS + "/" + url.split("://", 1)[-1].partition("/")[2]


class MfaAdapter(DefaultMFAAdapter):
    """Seals what authenticators and recovery codes are made of with the installation's keys."""

    def encrypt(self, text: str) -> str:
        return configured_cipher().encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return configured_cipher().decrypt(encrypted_text)
