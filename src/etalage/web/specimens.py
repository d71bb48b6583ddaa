"""Invented contents for the style page: one of everything that the design system has."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SampleForm(forms.Form):
    """A form with one field of each kind."""

    name = forms.CharField(label=_("Name"), help_text=_("As customers see it."))


def everything() -> dict[str, Any]:
    """The context of the style page."""
    return {"form": SampleForm()}
