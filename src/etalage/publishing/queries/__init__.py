"""Reads of this room: calendar, lists, details, and what is safe to do."""

from etalage.publishing.links import find_link
from etalage.publishing.queries.calendar import (
    CalendarDay,
    CalendarEntry,
    calendar,
    month_range,
    week_range,
)
from etalage.publishing.queries.campaigns import (
    CampaignDetail,
    campaign_detail,
    campaigns,
    code_by_id,
    codes,
    find_code,
)
from etalage.publishing.queries.explanations import Explanation, advice_for, explain
from etalage.publishing.queries.pages import Page
from etalage.publishing.queries.posts import (
    PostDetail,
    PostFilter,
    PostRow,
    PublicationDetail,
    find_post,
    goes_out_next,
    needs_person,
    post_detail,
    posts,
    publication_detail,
    recently_published,
    waiting_for_approval,
)
from etalage.publishing.queries.rights import post_actions, safe_actions
from etalage.publishing.queries.status import PostStatus, post_status

__all__ = [
    "CalendarDay",
    "CalendarEntry",
    "CampaignDetail",
    "Explanation",
    "Page",
    "PostDetail",
    "PostFilter",
    "PostRow",
    "PostStatus",
    "PublicationDetail",
    "advice_for",
    "calendar",
    "campaign_detail",
    "campaigns",
    "code_by_id",
    "codes",
    "explain",
    "find_code",
    "find_link",
    "find_post",
    "goes_out_next",
    "month_range",
    "needs_person",
    "post_actions",
    "post_detail",
    "post_status",
    "posts",
    "publication_detail",
    "recently_published",
    "safe_actions",
    "waiting_for_approval",
    "week_range",
]
