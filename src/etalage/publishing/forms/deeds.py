"""The small forms that ask what a deed needs to know: a version, a note, a moment, an address."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from etalage.kit.forms import MomentField, TranslatedTextField


class DeedForm(forms.Form):
    """Every deed knows the version of the post that its page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    zone = "UTC"


class NoteForm(DeedForm):
    """A word to the author."""

    note = forms.CharField(
        label=_("What should be different?"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3}),
    )


class HourForm(DeedForm):
    """When a post goes out, in the zone of the shop."""

    due_at = MomentField(label=_("Goes out"))

    def set_zone(self, zone: str) -> None:
        """Read and show the hour as the shop's clocks do."""
        field = self.fields["due_at"]
        assert isinstance(field, MomentField)
        field.zone = zone


class SeenForm(DeedForm):
    """Where somebody saw a publication."""

    remote_url = forms.URLField(
        label=_("Its address on the network"),
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text=_("Open the post on the network and copy the address from there."),
    )


class AgainForm(DeedForm):
    """Other words for a second try."""

    custom_text = forms.CharField(
        label=_("Other words for this channel"),
        required=False,
        help_text=_("Empty: the words of the post."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 4}),
    )


class WordsForm(DeedForm):
    """New words for what is published."""

    text = TranslatedTextField(label=_("Words"), textarea=True)
