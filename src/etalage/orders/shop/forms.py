"""What a customer fills in to reserve."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from etalage.customers.identities import BadIdentity, normal_identity
from etalage.customers.models import IdentityKind
from etalage.orders.actions.reserve import MOST_PIECES, Wish, WishLine


class ReserveForm(forms.Form):
    """One variant, a store, and how to reach the customer. No price is believed: `seen` is only compared."""

    variant = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    request_key = forms.CharField(widget=forms.HiddenInput, min_length=8, max_length=64)
    l = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)  # noqa: E741
    store = forms.UUIDField(label=_("Store"), error_messages={"required": _("Choose a store.")})
    quantity = forms.IntegerField(
        label=_("Pieces"),
        initial=1,
        min_value=1,
        max_value=MOST_PIECES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("For the code. Or give a phone number below."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    consent = forms.BooleanField(required=False)

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"])
        try:
            return normal_identity(IdentityKind.PHONE, phone)[1] if phone.strip() else ""
        except BadIdentity:
            raise forms.ValidationError(_("Give the whole phone number, in digits.")) from None

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("email") and not cleaned.get("phone"):
            self.add_error("email", _("Give an e-mail address or a phone number."))
        return cleaned

    def wish(self, *, language: str, link_code: str, wording: str, visitor_id: UUID | None) -> Wish:
        """The valid form as what is asked for. `wording` is the sentence beside the consent box."""
        data = self.cleaned_data
        return Wish(
            store_id=data["store"],
            lines=(WishLine(data["variant"], data["quantity"], data["seen"]),),
            name=data["name"],
            email=data["email"],
            phone=data["phone"],
            language=language,
            request_key=data["request_key"],
            link_code=link_code,
            consent_wording=wording if data["consent"] else "",
            visitor_id=visitor_id,
        )
