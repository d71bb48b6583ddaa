"""What the results are asked for: which days, shared how, by what, of which store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from etalage.accounts.queries import open_stores
from etalage.insights.models import Grouping
from etalage.insights.reports import Period, period_named
from etalage.kit.forms import DayField

OWN = "own"
PERIODS = [
    ("7d", _("7 days")),
    ("28d", _("28 days")),
    ("90d", _("90 days")),
    ("month", _("This month")),
    ("last-month", _("Last month")),
    (OWN, _("Other days")),
]
MODEL_NAMES = [
    ("first", _("First visit")),
    ("last", _("Last visit")),
    ("linear", _("All visits alike")),
    ("position", _("First and last most")),
    ("decay", _("Recent visits most")),
]
MODEL_SENTENCES = {
    "first": _("The visit that came first gets the whole sale."),
    "last": _("The last visit before the sale gets all of it."),
    "linear": _("All visits share the sale equally."),
    "position": _("The first and the last visit get 40% each; those between share the rest."),
    "decay": _("The closer a visit is to the sale, the more it gets; a week makes it half."),
}
LONGEST = timedelta(days=3653)


@dataclass(frozen=True)
class Choice:
    """One report that somebody asked for."""

    named: str
    period: Period
    model: str
    by: str
    store_id: UUID | None


class ResultsForm(forms.Form):
    """The choices of the results page, read from an address: what is missing or unknown falls back to the usual."""

    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, initial="28d")
    by = forms.ChoiceField(label=_("Sales by"), choices=Grouping.choices, initial=Grouping.POST)
    model = forms.ChoiceField(label=_("A sale is shared"), choices=MODEL_NAMES, initial="linear")
    store = forms.ChoiceField(label=_("Store"), required=False)

    def __init__(self, asked: Mapping[str, Any], today: date) -> None:
        usual = {name: field.initial for name, field in self.base_fields.items()}
        if asked.get("from") and "period" not in asked:
            usual["period"] = OWN
        super().__init__({**usual, **{name: value for name, value in asked.items() if value != ""}})
        self.today = today
        # Named as in the address; `from` cannot be an attribute of a class.
        self.fields["from"] = DayField(label=_("From"), required=False)
        self.fields["to"] = DayField(label=_("To"), required=False)
        stores = [(str(store.pk), store.name) for store in open_stores()]
        self.fields["store"].choices = [("", _("All stores and online")), *stores]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cleaned_data
        first, last = found.get("from"), found.get("to") or self.today
        if found.get("period") != OWN or "from" in self.errors or "to" in self.errors:
            return found
        if first is None:
            raise ValidationError(_("Choose the first day."))
        if first > last:
            raise ValidationError(_("The first day must not lie after the last one."))
        if last - first > LONGEST:
            raise ValidationError(_("Choose at most ten years."))
        return found

    def problems(self) -> list[str]:
        """What was wrong with the days, in sentences; other unknown words are passed over."""
        own = [str(error) for error in self.non_field_errors()]
        return own + [str(error) for name in ("from", "to") for error in self.errors.get(name, [])]

    def choice(self) -> Choice:
        """The report that is asked for."""
        self.full_clean()
        found = getattr(self, "cleaned_data", {})
        named = found.get("period") or "28d"
        if named == OWN and not self.problems():
            period = Period(found["from"], found.get("to") or self.today)
        else:
            period = period_named("28d" if named == OWN else named, self.today)
        store = found.get("store")
        return Choice(
            named,
            period,
            found.get("model") or "linear",
            found.get("by") or Grouping.POST.value,
            UUID(store) if store else None,
        )
