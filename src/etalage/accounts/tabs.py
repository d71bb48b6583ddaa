"""The tabs of the settings pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _


def settings_tabs(current: str) -> list[dict[str, Any]]:
    """The tabs, with the one at hand marked."""
    tabs = [
        ("overview", _("Stores and people"), "accounts:settings"),
        ("business", _("Business"), "accounts:business"),
        ("security", _("My sign-in"), "mfa_index"),
        ("trail", _("Audit trail"), "accounts:trail"),
    ]
    return [{"label": label, "url": reverse(name), "current": key == current} for key, label, name in tabs]
