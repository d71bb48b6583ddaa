"""Campaigns: posts and codes that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.publishing.actions.opening import managers_only
from etalage.publishing.models import Aim, Campaign


@dataclass(frozen=True)
class CampaignContent:
    """What a form says about a campaign; its days are days of the business."""

    name: str
    aim: str = Aim.PROMOTION
    starts_on: date | None = None
    ends_on: date | None = None


@transaction.atomic
def create_campaign(content: CampaignContent, *, actor: Member) -> Campaign:
    """Begin a campaign."""
    managers_only(actor)
    campaign = _filled(Campaign(), content)
    campaign.save(force_insert=True)
    record(actor, "campaign.created", campaign)
    tell("campaigns")
    return campaign


@transaction.atomic
def edit_campaign(campaign_id: UUID, content: CampaignContent, *, actor: Member) -> Campaign:
    """Change name, aim or days."""
    managers_only(actor)
    campaign = _filled(_find(campaign_id), content)
    campaign.save()
    record(actor, "campaign.edited", campaign)
    tell("campaigns")
    return campaign


@transaction.atomic
def archive_campaign(campaign_id: UUID, *, actor: Member) -> Campaign:
    """Put a campaign away; its posts and figures stay."""
    managers_only(actor)
    campaign = _find(campaign_id)
    if campaign.archived_at is None:
        campaign.archived_at = clock.now()
        campaign.save(update_fields=["archived_at"])
        record(actor, "campaign.archived", campaign)
        tell("campaigns")
    return campaign


def _filled(campaign: Campaign, content: CampaignContent) -> Campaign:
    name = content.name.strip()
    if not name or len(name) > 120:
        raise Refusal(_("Give a name of 1 to 120 characters."), code="name_invalid", status=422)
    if content.aim not in Aim.values:
        raise Refusal(_("Choose an aim from the list."), code="aim_unknown", status=422)
    if content.starts_on and content.ends_on and content.ends_on < content.starts_on:
        raise Refusal(_("The last day cannot be before the first."), code="days_reversed", status=422)
    campaign.name, campaign.aim = name, content.aim
    campaign.starts_on, campaign.ends_on = content.starts_on, content.ends_on
    return campaign


def _find(campaign_id: UUID) -> Campaign:
    campaign = Campaign.objects.select_for_update().filter(pk=campaign_id).first()
    if campaign is None:
        raise Refusal(_("This campaign no longer exists."), code="campaign_gone", status=404)
    return campaign
