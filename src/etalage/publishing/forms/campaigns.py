"""Forms of campaigns and promotion codes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Business
from etalage.kit.forms import DayField, MomentField, MoneyField
from etalage.kit.money import Money
from etalage.publishing.actions import CampaignContent, CodeContent
from etalage.publishing.forms.rows import read_ids
from etalage.publishing.models import Aim, Campaign, PromotionCode
from etalage.publishing.queries import campaigns

PERCENT, AMOUNT = "percent", "amount"


class CampaignForm(forms.Form):
    """Name, aim and days of a campaign."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"dir": "auto"}))
    aim = forms.ChoiceField(label=_("What is it for?"), choices=Aim.choices, initial=Aim.PROMOTION)
    starts_on = DayField(label=_("First day"), required=False)
    ends_on = DayField(label=_("Last day"), required=False)

    @staticmethod
    def initial_of(campaign: Campaign) -> dict[str, Any]:
        """What the form shows of a campaign."""
        return {name: getattr(campaign, name) for name in ("name", "aim", "starts_on", "ends_on")}

    def content(self) -> CampaignContent:
        """What the form says, for the actions."""
        return CampaignContent(**self.cleaned_data)


class CodeForm(forms.Form):
    """What a promotion code gives, how often and when."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        required=False,
        help_text=_("Letters A to Z, digits and dashes. Leave it empty and one is drawn for you."),
        widget=forms.TextInput(attrs={"class": "ltr", "autocomplete": "off", "autocapitalize": "characters"}),
    )
    kind = forms.ChoiceField(
        label=_("What it gives"),
        choices=[(PERCENT, _("A percentage off")), (AMOUNT, _("An amount off"))],
        widget=forms.RadioSelect,
        initial=PERCENT,
    )
    percent = forms.IntegerField(
        label=_("Percent off"), required=False, min_value=1, max_value=100, widget=forms.NumberInput
    )
    amount = MoneyField(label=_("Amount off"), required=False, at_least=1)
    campaign = forms.ChoiceField(label=_("Campaign"), required=False)
    usage_limit = forms.IntegerField(
        label=_("How often in all"),
        required=False,
        min_value=1,
        help_text=_("Empty: as often as people like."),
    )
    starts_at = MomentField(label=_("Valid from"), required=False)
    ends_at = MomentField(label=_("Valid until"), required=False)

    def __init__(
        self, *args: Any, business: Business, existing: PromotionCode | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.existing = existing
        for field in self.fields.values():
            if isinstance(field, MomentField):
                field.zone = business.timezone
            if isinstance(field, MoneyField):
                field.currency = business.currency
        choice = self.fields["campaign"]
        assert isinstance(choice, forms.ChoiceField)
        mine = [existing.campaign] if existing and existing.campaign else []
        rows = {str(row.pk): row.name for row in [*campaigns(), *mine]}
        choice.choices = [("", _("None")), *rows.items()]
        if existing:
            del self.fields["code"]

    @staticmethod
    def initial_of(code: PromotionCode, currency: str) -> dict[str, Any]:
        """What the form shows of a code."""
        return {
            "kind": AMOUNT if code.amount_minor else PERCENT,
            "percent": code.percent,
            "amount": Money(code.amount_minor, currency) if code.amount_minor else None,
            "campaign": str(code.campaign_id or ""),
            "usage_limit": code.usage_limit,
            "starts_at": code.starts_at,
            "ends_at": code.ends_at,
        }

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        wanted = AMOUNT if facts.get("kind") == AMOUNT else PERCENT
        if facts.get(wanted) is None and wanted not in self.errors:
            self.add_error(wanted, _("Say how much the code takes off."))
        return facts

    def content(self) -> CodeContent:
        """What the form says, for the actions."""
        facts = self.cleaned_data
        percent = facts["kind"] == PERCENT
        return CodeContent(
            code=facts.get("code", ""),
            campaign_id=self._campaign(),
            post_id=self.existing.post_id if self.existing else None,
            percent=facts["percent"] if percent else None,
            amount_minor=None if percent else facts["amount"].minor,
            usage_limit=facts["usage_limit"],
            starts_at=facts["starts_at"],
            ends_at=facts["ends_at"],
        )

    def _campaign(self) -> UUID | None:
        return next(iter(read_ids([self.cleaned_data["campaign"]])), None)
