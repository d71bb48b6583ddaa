"""What the person at the counter fills in."""

from __future__ import annotations

from django import forms
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Member, Store
from etalage.accounts.queries import open_stores
from etalage.kit.forms import MoneyField
from etalage.orders.actions.redeem import TillUse


class RedeemForm(forms.Form):
    """A promotion code at the till. The receipt number joins it to the sale once the till's file comes in."""

    request_key = forms.CharField(widget=forms.HiddenInput, min_length=8, max_length=64)
    code = forms.CharField(
        label=_("Promotion code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "dir": "ltr"}),
    )
    store = forms.ModelChoiceField(
        label=_("Store"), queryset=Store.objects.none(), required=False, empty_label=_("Not named")
    )
    receipt = forms.CharField(
        label=_("Receipt number"), max_length=80, required=False, widget=forms.TextInput(attrs={"dir": "ltr"})
    )

    def __init__(self, data: object = None, *, member: Member, currency: str) -> None:
        initial = {"request_key": get_random_string(32), "store": member.store_id}
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        store = self.fields["store"]
        assert isinstance(store, forms.ModelChoiceField)
        store.queryset = open_stores()
        self.fields["amount"] = MoneyField(
            currency=currency, label=_("Amount before the code"), required=False
        )

    def use(self) -> TillUse:
        """The valid form as the use of a code."""
        data = self.cleaned_data
        return TillUse(
            code=data["code"],
            request_key=data["request_key"],
            store=data["store"],
            receipt=data["receipt"].strip(),
            amount_minor=data["amount"].minor if data["amount"] is not None else None,
        )
