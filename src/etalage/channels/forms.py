"""Forms for connecting a channel and for what it is called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.conf import settings
from django.forms import BoundField
from django.forms.widgets import Input
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Language
from etalage.channels.introductions import can_ask
from etalage.channels.models import Channel
from etalage.networks import registry
from etalage.networks.base import Connector, Entry

NAMES: dict[str, str | Promise] = {
    "practice": _("Practice network"),
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
}
NOTES: dict[str, str | Promise] = {"practice": _("Nothing on it is real.")}
PROOFS = {
    "token": (_("Access token"), _("The network shows it to you on the account's page.")),
    "app_password": (
        _("App password"),
        _(
            "This is not the password of the account. "
            "Make one for Etalage in the network's settings, under app passwords."
        ),
    ),
}
REFUSED = {
    "token": _("The network does not accept this token. Check that all of it is there."),
    "app_password": _(
        "The network does not accept this app password for this handle. Check both; "
        "the password of the account itself is not meant."
    ),
}


_BLAMED = {
    "auth_dead": "token",
    "whole_account": "token",
    "misconfigured": "address",
    "inside_address": "address",
    "account_unknown": "handle",
}


@dataclass(frozen=True)
class Offer:
    """A network that this installation can connect. `address` is set where it has only one."""

    network: str
    name: str | Promise
    note: str | Promise
    entry: Entry
    address: str = ""


def networks_on_offer() -> list[Offer]:
    """The networks that can be connected by people, in the registry's order."""
    offers = [offer_of(name) for name in registry.names()]
    return [offer for offer in offers if offer]


def offer_of(network: str) -> Offer | None:
    """What a network asks for; None for one that is not known here, or not run here."""
    connector = registry.find(network)
    own = settings.PRACTICE_NETWORK if network == "practice" else ""
    if not isinstance(connector, Connector) or (network == "practice" and not own):
        return None
    entry = connector.entry
    entry = replace(entry, by_authorization=entry.by_authorization and can_ask(network))
    address = own or ("" if entry.asks_address else entry.address)
    return Offer(network, NAMES.get(network, network.title()), NOTES.get(network, ""), entry, address)


class Secret(forms.PasswordInput):
    """Never shown again, and never asked for by the browser: it may be the second way."""

    def use_required_attribute(self, initial: Any) -> bool:
        """False; the form itself says what is missing."""
        return False


class SecondWay(forms.CharField):
    """Needed by who takes this way, left empty by who takes the first."""

    def validate(self, value: Any) -> None:
        """Whatever is there will do: the network judges it."""


class ConnectForm(forms.Form):
    """Just what this network asks for, and the language of the channel's posts."""

    def __init__(self, *args: Any, offer: Offer, **options: Any) -> None:
        super().__init__(*args, **options)
        entry = offer.entry
        if entry.asks_address and not offer.address:
            self.fields["address"] = forms.CharField(
                label=_("Address"),
                max_length=300,
                initial=entry.address.removeprefix("https://"),
                help_text=_("Of the server where the account lives, like social.example."),
                widget=_plain(forms.TextInput, inputmode="url"),
            )
        if entry.asks_handle:
            self.fields["handle"] = forms.CharField(
                label=_("Handle"),
                max_length=200,
                required=entry.proof == "app_password",  # a token opens its account by itself
                help_text=_("The account's name on the network, with or without @."),
                widget=_plain(forms.TextInput),
            )
        if entry.proof:
            label, help_text = PROOFS[entry.proof]
            kind = SecondWay if entry.by_authorization else forms.CharField
            self.fields["token"] = kind(
                label=label,
                max_length=4000,
                help_text=help_text,
                widget=_plain(Secret if entry.by_authorization else forms.PasswordInput),
            )
        self.fields["language"] = forms.ChoiceField(
            label=_("Language of its posts"), choices=Language.choices
        )
        self.offer = offer

    def clean(self) -> dict[str, Any]:
        """Who chose the second way has to give what it takes."""
        if self.data.get("by") == "typed" and "token" in self.fields and not self.cleaned_data.get("token"):
            self.add_error("token", self.fields["token"].error_messages["required"])
        return self.cleaned_data

    @property
    def rare(self) -> BoundField | None:
        """The server's address where it is the usual one nearly always, since a handle says the rest."""
        return self["address"] if "address" in self.fields and "handle" in self.fields else None

    @property
    def usual(self) -> list[BoundField]:
        """What everybody fills in."""
        return [
            field for field in self if field.name != "token" and (not self.rare or field.name != "address")
        ]

    @property
    def proof(self) -> BoundField | None:
        """The second way, by what was made at the network and is typed here."""
        return self["token"] if "token" in self.fields else None

    @property
    def address(self) -> str:
        """The server that was meant."""
        return self.offer.address or str(self.cleaned_data.get("address", ""))

    @property
    def asks_at_network(self) -> bool:
        """Whether the account's owner is to say yes at the network, rather than by what was typed here."""
        return self.offer.entry.by_authorization and not self.cleaned_data.get("token")

    def blame(self, code: str, message: str) -> None:
        """Show a refusal beside the field that it speaks of."""
        wanted = _BLAMED.get(code)
        if code == "inside_address" and self.rare and "address" not in self.changed_data:
            wanted = "handle"  # not the usual server: the one where the account lives
        if code == "auth_dead" and "token" in self.fields:
            message = str(REFUSED[self.offer.entry.proof])
        self.add_error(wanted if wanted in self.fields else None, message)


def _plain(widget: type[Input], **attributes: str) -> Input:
    """A field for what machines read: from left to right, nothing suggested."""
    return widget(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr", **attributes})


class ChannelForm(forms.ModelForm[Channel]):
    """What the channel is called here, and the language in which it speaks."""

    language = forms.ChoiceField(label=_("Language of its posts"), choices=Language.choices)

    class Meta:
        model = Channel
        fields = ("name", "language")
