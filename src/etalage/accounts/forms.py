"""Forms for the business, its stores, its members, and what the audit trail shows."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit_labels import actions_of, kind_choices
from etalage.accounts.models import BY_CUSTOMER, BY_ITSELF, Business, Language, Member, Role, Store
from etalage.accounts.queries import TrailChoice, all_members, open_stores
from etalage.kit.clock import day_bounds
from etalage.kit.forms import DayField, TranslatedTextField

CURRENCIES = "EUR GBP USD CHF MAD TND DZD AED SAR EGP CAD SEK NOK DKK PLN"
NO_MEMBER = {"etalage": BY_ITSELF, "customers": BY_CUSTOMER}  # the choices of what no member did
# Beyond these, the first moment of a day somewhere may be outside what a date can say.
POSSIBLE_DAYS = [MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2999, 12, 31))]
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
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES.split()])
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

    touch_retention_days = forms.IntegerField(
        label=_("Days that visits are kept"),
        min_value=1,
        max_value=1825,
        help_text=_("Older visits are erased. The results of past sales stay."),
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
            "touch_retention_days",
        ]

    def settle_currency(self) -> None:
        """Show the currency without a choice: amounts are kept in it."""
        field = self.fields["currency"]
        field.disabled = True
        field.help_text = _("Prices and sales are kept in this currency, so it cannot change any more.")
        # Imports may have brought a currency that is not on the list.
        field.choices = [(self.instance.currency, self.instance.currency)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        facts = super().clean()
        kept, window = self.cleaned_data.get("touch_retention_days"), self.cleaned_data.get("lookback_days")
        if kept and window and kept < window:
            self.add_error(
                "touch_retention_days", _("Visits must be kept at least as long as the lookback window.")
            )
        return facts


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
    """Somebody new; only roles that the actor may give are offered."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    store = forms.ModelChoiceField(
        label=_("Store"),
        queryset=Store.objects.none(),
        required=False,
        help_text=_("For people at the counter."),
    )

    def __init__(self, *args: Any, actor: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, actor)


class MemberForm(forms.Form):
    """What a member may do; only roles that the actor may give are offered."""

    role = forms.ChoiceField(label=_("Role"))
    store = forms.ModelChoiceField(label=_("Store"), queryset=Store.objects.none(), required=False)
    is_active = forms.BooleanField(label=_("May sign in"), required=False)

    def __init__(self, *args: Any, member: Member, actor: Member, **kwargs: Any) -> None:
        kwargs["initial"] = {"role": member.role, "store": member.store_id, "is_active": member.is_active}
        super().__init__(*args, **kwargs)
        _offer(self, actor)


class TrailForm(forms.Form):
    """Narrows the audit trail: who, what kind, and from which day to which."""

    who = forms.ChoiceField(label=_("Who"), required=False)
    kind = forms.ChoiceField(label=_("What"), required=False)
    since = DayField(label=_("From"), required=False, validators=POSSIBLE_DAYS)
    until = DayField(label=_("To"), required=False, validators=POSSIBLE_DAYS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(member.pk), str(member)) for member in all_members()]
        others = [("customers", _("Customers")), ("etalage", BY_ITSELF)]
        self.fields["who"].choices = [("", _("Everybody")), *people, *others]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("Everything")), *kind_choices()]  # type: ignore[attr-defined]

    def choice(self, zone: ZoneInfo) -> TrailChoice:
        """What was chosen; a value that does not exist narrows nothing. Days are the business's own."""
        self.full_clean()
        facts = self.cleaned_data
        who, kind, since, until = (facts.get(name) for name in ("who", "kind", "since", "until"))
        return TrailChoice(
            member_id=UUID(who) if who and who not in NO_MEMBER else None,
            by=NO_MEMBER.get(who or ""),
            actions=actions_of(kind) if kind else None,
            since=day_bounds(since, zone)[0] if since else None,
            until=day_bounds(until, zone)[1] if until else None,
        )


def _offer(form: forms.Form, actor: Member) -> None:
    """The open stores, and the roles up to the actor's own."""
    form.fields["store"].queryset = open_stores()  # type: ignore[attr-defined]
    form.fields["role"].choices = [  # type: ignore[attr-defined]
        (role.value, role.label) for role in Role if actor.may(role)
    ]
