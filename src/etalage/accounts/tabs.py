"""The tabs of the settings pages."""

from __future__ import annotations

from typing import Any

from django.urls import resolve, reverse
from django.utils.translation import gettext as _

from etalage.accounts.models import Member


def settings_tabs(member: Member, current: str) -> list[dict[str, Any]]:
    """The tabs that the member may open, with the one at hand marked."""
    tabs = [
        ("overview", _("Stores and people"), "accounts:settings"),
        ("business", _("Business"), "accounts:business"),
        ("security", _("My sign-in"), "mfa_index"),
        ("trail", _("Audit trail"), "accounts:trail"),
    ]
    return [
        {"label": label, "url": url, "current": key == current}
        for key, label, url in ((key, label, reverse(name)) for key, label, name in tabs)
        if member.may(getattr(resolve(url).func, "required_role", member.role))
    ]
