"""One word for a post as a whole, out of what people decided and how its deliveries fare."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.publishing.models import DeliveryState as S
from etalage.publishing.models import Post, PostState, Publication


class PostStatus(models.TextChoices):
    """How a post stands, for lists and the calendar."""

    DRAFT = "draft", _("Draft")
    REVIEW = "review", _("Waits for approval")
    APPROVED = "approved", _("Approved, no time yet")
    SCHEDULED = "scheduled", _("Scheduled")
    SENDING = "sending", _("Going out")
    PUBLISHED = "published", _("Published")
    PARTLY = "partly", _("Partly published")
    FAILED = "failed", _("Not published")
    DROPPED = "dropped", _("Given up")
    NEEDS_PERSON = "needs_person", _("Needs you")
    WITHDRAWN = "withdrawn", _("Withdrawn")


_DECIDED = {
    PostState.DRAFT: PostStatus.DRAFT,
    PostState.REVIEW: PostStatus.REVIEW,
    PostState.WITHDRAWN: PostStatus.WITHDRAWN,
}
_MOVING = frozenset({S.CLAIMED, S.PREPARED, S.SENDING, S.UNKNOWN, S.RECONCILING})
_FAILED = frozenset({S.REJECTED, S.EXPIRED})  # not what was dropped: that may stand there, nobody knows


def latest(publications: Iterable[Publication]) -> list[Publication]:
    """Without those that a later try replaced."""
    rows = list(publications)
    replaced = {row.replaces_id for row in rows}
    return [row for row in rows if row.pk not in replaced]


def post_status(post: Post, publications: Iterable[Publication]) -> PostStatus:
    """The one word: what needs somebody comes first, then what moves, then how it ended."""
    if decided := _DECIDED.get(PostState(post.state)):
        return decided
    states = {S(row.state) for row in latest(publications)}
    if S.NEEDS_PERSON in states:
        return PostStatus.NEEDS_PERSON
    if states & _MOVING:
        return PostStatus.SENDING
    if S.SCHEDULED in states:
        return PostStatus.SCHEDULED
    if S.PUBLISHED in states:
        return PostStatus.PARTLY if states & _FAILED else PostStatus.PUBLISHED
    if states & _FAILED:
        return PostStatus.FAILED
    if S.DROPPED in states:
        return PostStatus.DROPPED
    return PostStatus.WITHDRAWN if states == {S.WITHDRAWN} else PostStatus.APPROVED
