"""Invented contents for the style page: one of everything that the design system has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from etalage.kit import clock
from etalage.kit.chart import Chart, Series
from etalage.kit.forms import DayField, MoneyField, PictureField, TranslatedTextField
from etalage.kit.money import Money
from etalage.kit.text import TranslatedText

_WAVE = (
    124,
    131,
    155,
    157,
    163,
    177,
    191,
    184,
    178,
    155,
    158,
    144,
    136,
    133,
    137,
    162,
    167,
    176,
    189,
    184,
    199,
)


class SampleForm(forms.Form):
    """A form with one field of each kind."""

    name = forms.CharField(label=_("Name"), help_text=_("As customers see it."))
    text = TranslatedTextField(label=_("Text"), languages=("en", "ar"), textarea=True, required=False)
    price = MoneyField(label=_("Price"))
    kind = forms.ChoiceField(label=_("Kind"), choices=[("a", _("Announcement")), ("b", _("New products"))])
    day = DayField(label=_("Day"), required=False)
    picture = PictureField(label=_("Picture"), required=False)
    agree = forms.BooleanField(label=_("Tell me when somebody reserves"), required=False)


def everything() -> dict[str, Any]:
    """The context of the style page."""
    today = clock.now()
    days = [today - timedelta(days=back) for back in range(len(_WAVE), 0, -1)]
    labels = [f"{day.day}/{day.month}" for day in days]
    wave = list(_WAVE)
    lines = [
        Series("Instagram", wave),
        Series("Facebook", [value * 2 // 3 for value in reversed(wave)]),
        Series("Mastodon", [value // 3 for value in wave]),
    ]
    return {
        "form": SampleForm(),
        "wrong_form": SampleForm({"name": "", "price": "twelve", "kind": "a"}),
        "now": today,
        "earlier": today - timedelta(minutes=12),
        "price": Money(8995, "EUR"),
        "name": TranslatedText({"en": "Chelsea boots", "fr": "Bottines Chelsea", "ar": "حذاء تشيلسي"}),
        "lines": Chart(str(_("Visits from posts")), labels, lines),
        "bars": Chart(
            str(_("Sales credited to posts")),
            labels[-8:],
            [Series(one.name, [value * 100 for value in list(one.values)[-8:] if value]) for one in lines],
            unit="EUR",
            stacked=True,
        ),
        "wave": wave,
        "tones": ["good", "warn", "bad", "info", "plain"],
        "steps": [_("File"), _("Columns"), _("Check"), _("Done")],
        "tabs": [
            {"label": _("All"), "url": "?", "current": True, "count": 48},
            {"label": _("Planned"), "url": "?planned", "current": False, "count": 7},
            {"label": _("Drafts"), "url": "?drafts", "current": False, "count": None},
        ],
        "networks": [
            "practice",
            "mastodon",
            "bluesky",
            "facebook",
            "instagram",
            "x",
            "pinterest",
            "wordpress",
            "rss",
        ],
    }
