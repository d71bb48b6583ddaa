"""Forms for the business, its stores and members."""

from __future__ import annotations

from typing import ClassVar
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Business, Language, Member, Role, Store
from etalage.accounts.queries import open_stores
from etalage.kit.forms import TranslatedTextField

CURRENCIES = [
    "EUR",
    "GBP",
    "USD",
    "CHF",
    "MAD",
    "TND",
    "DZD",
    "AED",
    "SAR",
    "EGP",
    "CAD",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
]
WEEKDAYS = [(0, _("Monday")), (5, _("Saturday")), (6, _("Sunday"))]


def zone_choices() -> list[tuple[str, str]]:
    """Every IANA time zone that has a place in its name."""
    return [
        (name, name.replace("_", " "))
        for name in sorted(available_timezones())
        if "/" in name and name[:3] != "Etc"
    ]


class BusinessForm(forms.ModelForm[Business]):
    """The business profile and the rules that hold for every store."""

    description = TranslatedTextField(label=_("Description"), textarea=True, required=False, max_length=1000)
    site = forms.URLField(label=_("Web site"), required=False, assume_scheme="https")
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)
    first_weekday = forms.TypedChoiceField(label=_("First day of the week"), choices=WEEKDAYS, coerce=int)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    lookback_days = forms.IntegerField(
        label=_("Lookback window in days"),
        min_value=1,
        max_value=365,
        help_text=_("A visit counts for a sale when it was at most this many days before it."),
    )
    reservation_hours = forms.IntegerField(
        label=_("Hours a reservation is kept"),
        min_value=1,
        max_value=720,
        help_text=_("After that the products go back on sale by themselves."),
    )

    class Meta:
        model = Business
        fields: ClassVar = [
            "name",
            "description",
            "email",
            "phone",
            "site",
            "language",
            "currency",
            "timezone",
            "first_weekday",
            "lookback_days",
            "reservation_hours",
        ]


class StoreForm(forms.ModelForm[Store]):
    """A store."""

    timezone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)

    class Meta:
        model = Store
        fields: ClassVar = [
            "name",
            "code",
            "address",
            "phone",
            "opening_hours",
            "timezone",
            "takes_reservations",
        ]
        help_texts: ClassVar = {"code": _("What files and tills call this store.")}


class InviteForm(forms.Form):
    """Somebody new."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    store = forms.ModelChoiceField(
        label=_("Store"),
        queryset=Store.objects.none(),
        required=False,
        help_text=_("For people at the counter."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["store"].queryset = open_stores()  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    """What a member may do."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    store = forms.ModelChoiceField(label=_("Store"), queryset=Store.objects.none(), required=False)
    is_active = forms.BooleanField(label=_("May sign in"), required=False)

    def __init__(self, *args: object, member: Member, **kwargs: object) -> None:
        initial = {"role": member.role, "store": member.store_id, "is_active": member.is_active}
        super().__init__(*args, initial=initial, **kwargs)  # type: ignore[arg-type]
        self.fields["store"].queryset = open_stores()  # type: ignore[attr-defined]
