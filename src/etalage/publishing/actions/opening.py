"""Opening a post for a change: the lock, the version that the form was opened with, and who may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Member, Role
from etalage.jobs import enqueue_once
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.publishing.delivery.machine import SECOND_COPY
from etalage.publishing.delivery.states import TERMINAL, UNSENT
from etalage.publishing.models import (
    CopyState,
    DeliveryState,
    DeliveryStep,
    Post,
    PostState,
    Publication,
    SecondCopy,
)

DELIVER = "etalage.publishing.tasks.deliver_due"
SETTLE = "etalage.publishing.tasks.settle_doubts"


def members_only(actor: Member) -> None:
    """Raise Refusal for the counter's people."""
    if not actor.may(Role.MEMBER):
        raise Refusal(_("Your role does not write posts. Ask a manager."), code="not_allowed", status=403)


def managers_only(actor: Member) -> None:
    """Raise Refusal for anybody below a manager."""
    if not actor.may(Role.MANAGER):
        raise Refusal(
            _("Only managers may do this. Send the post for approval instead."),
            code="not_allowed",
            status=403,
        )


def changed_meanwhile() -> Refusal:
    """The refusal for a form that was opened on an older state."""
    return Refusal(
        _("Somebody changed this meanwhile. Open it again, look, and repeat your change."),
        code="changed_meanwhile",
        status=409,
    )


def open_post(post_id: UUID, version: int | None = None) -> Post:
    """The post, locked until the end of the transaction. Raises Refusal when `version` is not the present one."""
    try:
        post = Post.objects.select_for_update().get(pk=post_id)
    except Post.DoesNotExist as error:
        raise Refusal(_("This post no longer exists."), code="post_gone", status=404) from error
    if version is not None and post.version != version:
        raise changed_meanwhile()
    return post


def publications_of(post: Post) -> list[Publication]:
    """The post's publications with their channels, locked: no worker claims one meanwhile."""
    rows = Publication.objects.select_for_update(of=("self",)).filter(post=post)
    return list(rows.select_related("post", "channel").order_by("pk"))


def open_for_writing(post_id: UUID, version: int | None, actor: Member) -> tuple[Post, list[Publication]]:
    """A post of which nothing was sent, for a change by `actor`. Raises Refusal when that may not be."""
    members_only(actor)
    post = open_post(post_id, version)
    publications = publications_of(post)
    if post.state == PostState.APPROVED and not actor.may(Role.MANAGER):
        raise Refusal(
            _("This post is approved. Ask a manager to send it back to you."), code="not_allowed", status=403
        )
    if post.state == PostState.WITHDRAWN or not all(is_unsent(row) or is_over(row) for row in publications):
        raise Refusal(
            _("This post is on its way or published already. Duplicate it, or change the published text."),
            code="already_sent",
            status=409,
        )
    return post, publications


def is_unsent(publication: Publication) -> bool:
    """True when nothing of it can stand on the network and nobody is at work on it."""
    return publication.state in UNSENT and not publication.in_doubt


def is_over(publication: Publication) -> bool:
    """True for what ended without standing on the network."""
    return DeliveryState(publication.state) in TERMINAL


def refuse_seen(publications: Iterable[Publication]) -> None:
    """Raise Refusal `stands_there` while a copy of one was seen on its network and nobody said what becomes of it.

    What a late worker told counts at once, also before it is listed.
    """
    keys = [row.pk for row in publications]
    copies = SecondCopy.objects.filter(publication__in=keys)
    decided = copies.filter(state__in=(CopyState.KEPT, CopyState.REMOVED))
    told = DeliveryStep.objects.filter(publication__in=keys, reason=SECOND_COPY)
    undecided = set(told.values_list("publication", "detail")) - set(
        decided.values_list("publication", "remote_id")
    )
    if undecided or copies.filter(state__in=(CopyState.OPEN, CopyState.ASKED)).exists():
        raise Refusal(
            _("It was seen on the network. Say first what becomes of it there."),
            code="stands_there",
            status=409,
        )


def touch(post: Post, *fields: str) -> None:
    """Save the named fields and count the version up."""
    post.version += 1
    post.updated_at = clock.now()
    post.save(update_fields=[*fields, "version", "updated_at"])
    told()


def told() -> None:
    """Let open pages fetch posts and calendar again."""
    tell("posts")
    tell("calendar")


def ask_for_delivery(moments: Iterable[datetime]) -> None:
    """Wake the sender at these moments; one job for all that is due at the same moment."""
    for moment in sorted(set(moments)):
        enqueue_once(DELIVER, f"due:{moment.isoformat()}", run_after=moment)
