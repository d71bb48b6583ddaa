"""Adding an e-mail address to one's own account."""

from __future__ import annotations

from allauth.account.forms import AddEmailForm
from django import forms
from django.utils.translation import gettext as _

from etalage.accounts.models import Member


class AddressForm(AddEmailForm):
    """An address belongs to one member. Colleagues know each other: here it may be said, unlike before signing in."""

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if Member.objects.filter(email=email).exclude(email=getattr(self.user, "email", "")).exists():
            raise forms.ValidationError(_("Another member has this address. Choose another one."))
        return str(super().clean_email())
