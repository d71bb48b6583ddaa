"""Campaigns and promotion codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from etalage.publishing.models import Campaign, Post, PromotionCode
from etalage.publishing.queries.pages import Page, keyset
from etalage.publishing.queries.posts import PUBLICATIONS, PostRow, post_row


@dataclass(frozen=True)
class CampaignDetail:
    """A campaign with its newest posts and its codes."""

    campaign: Campaign
    posts: Sequence[PostRow]
    codes: Sequence[PromotionCode]


def campaigns(archived: bool = False) -> QuerySet[Campaign]:
    """Campaigns, newest first, each with `post_count`."""
    rows = Campaign.objects.annotate(post_count=Count("posts"))
    return rows.exclude(archived_at=None) if archived else rows.filter(archived_at=None)


def campaign_detail(campaign_id: UUID, size: int = 50) -> CampaignDetail:
    """A campaign with what belongs to it. Raises Campaign.DoesNotExist."""
    campaign = Campaign.objects.get(pk=campaign_id)
    posts = Post.objects.filter(campaign=campaign).select_related("created_by")
    newest = posts.prefetch_related(PUBLICATIONS, "pictures").order_by("-pk")[:size]
    return CampaignDetail(campaign, [post_row(post) for post in newest], list(campaign.codes.all()))


def codes(after: str = "", before: str = "", size: int = 50) -> Page[PromotionCode]:
    """Promotion codes, newest first, with campaign and post."""
    rows = PromotionCode.objects.select_related("campaign", "post")
    return Page(*keyset(rows, after, before, size))


def find_code(code: str) -> PromotionCode | None:
    """A code however it was typed; None when there is none."""
    return PromotionCode.objects.filter(code="".join(code.split()).upper()).first()


def code_by_id(code_id: UUID) -> PromotionCode:
    """One code. Raises PromotionCode.DoesNotExist."""
    return PromotionCode.objects.select_related("campaign", "post").get(pk=code_id)
