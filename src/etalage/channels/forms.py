"""Forms for connecting a channel and for what it is called."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Language
from etalage.channels.models import Channel


def networks_on_offer() -> list[tuple[str, object]]:
    """The networks that this installation can connect by itself, with their names."""
    return [("practice", _("Practice network"))] if settings.PRACTICE_NETWORK else []


class ConnectForm(forms.Form):
    """An account on the practice network; its address is this installation's own and cannot be typed."""

    token = forms.CharField(
        label=_("Access token"),
        max_length=500,
        help_text=_("The network shows it to you on the account's page."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
    )
    language = forms.ChoiceField(label=_("Language of its posts"), choices=Language.choices)


class ChannelForm(forms.ModelForm[Channel]):
    """What the channel is called here, and the language in which it speaks."""

    language = forms.ChoiceField(label=_("Language of its posts"), choices=Language.choices)

    class Meta:
        model = Channel
        fields = ("name", "language")
