"""The way from a draft to the schedule and back: who says yes, and when it goes out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member, Role
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.publishing import links, renditions
from etalage.publishing.actions.opening import (
    ask_for_delivery,
    changed_meanwhile,
    is_over,
    is_unsent,
    managers_only,
    members_only,
    open_for_writing,
    open_post,
    publications_of,
    refuse_seen,
    touch,
)
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.restored import doubt_scheduled
from etalage.publishing.models import DeliveryState, Post, PostState, Publication

FURTHEST = timedelta(days=3 * 366)


@transaction.atomic
def submit_for_review(post_id: UUID, version: int, *, actor: Member) -> Post:
    """Hand a draft to those who approve. Raises Refusal `has_problems` for what could not go out as it is."""
    post, publications = open_for_writing(post_id, version, actor)
    if post.state == PostState.APPROVED:
        raise Refusal(_("This post is approved already."), code="already_approved", status=409)
    refuse_problems(post, publications)
    post.state, post.review_note = PostState.REVIEW, ""
    touch(post, "state", "review_note")
    record(actor, "post.submitted", post)
    return post


@transaction.atomic
def approve_post(post_id: UUID, version: int, *, actor: Member) -> Post:
    """Say yes. It is scheduled when its wished hour lies ahead, else it waits for one.

    Raises Refusal: has_problems, stands_there.
    """
    managers_only(actor)
    post, publications = open_for_writing(post_id, version, actor)
    refuse_problems(post, publications)
    refuse_seen(filter(is_unsent, publications))
    _approve(post, publications, actor)
    if post.due_at and post.due_at > clock.now():
        _schedule(post, publications, post.due_at, actor)
    return post


@transaction.atomic
def schedule_post(post_id: UUID, version: int, due_at: datetime, *, actor: Member) -> Post:
    """Let the post go out at `due_at` (aware). Approves it too; moves what is scheduled already."""
    managers_only(actor)
    post, publications = open_for_writing(post_id, version, actor)
    now = clock.now()
    if due_at <= now or due_at > now + FURTHEST:
        raise Refusal(_("Choose an hour that lies ahead."), code="due_in_past", status=422)
    _send_at(post, publications, due_at, actor)
    return post


@transaction.atomic
def publish_now(post_id: UUID, version: int, *, actor: Member) -> Post:
    """Let the post go out at once. Approves it too."""
    managers_only(actor)
    post, publications = open_for_writing(post_id, version, actor)
    _send_at(post, publications, clock.now(), actor)
    return post


@transaction.atomic
def send_back(post_id: UUID, version: int, note: str = "", *, actor: Member) -> Post:
    """Make a draft of it again, with a word to its author; nothing of it was sent.

    A member may take back what waits for approval; a manager also what is approved or scheduled.
    """
    members_only(actor)
    post = open_post(post_id, version)
    if post.state == PostState.APPROVED and not actor.may(Role.MANAGER):
        managers_only(actor)
    publications = publications_of(post)
    if post.state == PostState.WITHDRAWN or not all(is_unsent(row) or is_over(row) for row in publications):
        raise Refusal(
            _("Part of this post is on its way or published. It cannot become a draft again."),
            code="already_sent",
            status=409,
        )
    for row in publications:
        if row.state in (DeliveryState.APPROVED, DeliveryState.SCHEDULED):
            step(row, DeliveryState.DRAFT, actor, **_UNSCHEDULED)
    post.state, post.review_note, post.approved_by, post.approved_at = (
        PostState.DRAFT,
        note.strip()[:500],
        None,
        None,
    )
    touch(post, "state", "review_note", "approved_by", "approved_at")
    record(actor, "post.sent_back", post)
    return post


_UNSCHEDULED: dict[str, Any] = {"next_attempt_at": None, "due_at": None, "expires_at": None}


def refuse_problems(post: Post, publications: list[Publication]) -> None:
    """Raise Refusal when the post goes nowhere, or when something about it holds it back on a channel."""
    going = [row for row in publications if is_unsent(row)]
    if not going:
        raise Refusal(_("Choose at least one channel."), code="no_channel", status=422)
    for row in going:
        found = renditions.blocking(renditions.problems(post, row.channel, row.language, row.custom_text))
        if found:
            raise Refusal(
                _("%(channel)s: %(problem)s"),
                code="has_problems",
                status=422,
                channel=row.channel.name,
                problem=found[0].message,
            )


def bring_level(row: Publication, post: Post, *, member: Member) -> None:
    """Bring a publication to where its post stands: approved, and scheduled when the others are."""
    if post.state != PostState.APPROVED or is_over(row):
        return
    if row.state == DeliveryState.DRAFT:
        step(row, DeliveryState.APPROVED, member)
    if row.state == DeliveryState.SCHEDULED and row.due_at:
        # Its own hour: what was sent again after a refusal goes out later than its post did, and must not be late.
        _put_on_schedule(row, post, row.due_at, member)
    elif post.due_at and _others_are_scheduled(post):
        _put_on_schedule(row, post, post.due_at, member)


def _others_are_scheduled(post: Post) -> bool:
    return Publication.objects.filter(post=post, state=DeliveryState.SCHEDULED).exists()


def step(row: Publication, to: DeliveryState, member: Member | None, **fields: Any) -> None:
    """One step of the delivery state machine by a person. Raises Refusal when the publication moved meanwhile."""
    if not machine.move(row.pk, row.token, to, member=member, **fields):
        raise changed_meanwhile()
    row.state = to
    row.token += bool(fields.pop("take_token", False))
    for name, value in fields.items():
        setattr(row, name, value)


def _approve(post: Post, publications: list[Publication], actor: Member) -> None:
    post.state, post.approved_by, post.approved_at = PostState.APPROVED, actor, clock.now()
    post.review_note = ""
    touch(post, "state", "approved_by", "approved_at", "review_note")
    for row in publications:
        if row.state == DeliveryState.DRAFT:
            step(row, DeliveryState.APPROVED, actor)
    record(actor, "post.approved", post)


def _send_at(post: Post, publications: list[Publication], due_at: datetime, actor: Member) -> None:
    if post.expires_at and post.expires_at <= due_at:
        raise Refusal(
            _("The end must be later than the hour at which the post goes out."),
            code="ends_too_early",
            status=422,
        )
    refuse_problems(post, publications)
    refuse_seen(filter(is_unsent, publications))
    if post.state != PostState.APPROVED:
        _approve(post, publications, actor)
    _schedule(post, publications, due_at, actor)


def _schedule(post: Post, publications: list[Publication], due_at: datetime, actor: Member) -> None:
    post.due_at = due_at
    touch(post, "due_at")
    for row in publications:
        if is_unsent(row):
            _put_on_schedule(row, post, due_at, actor)
    record(actor, "post.scheduled", post, due_at=due_at.isoformat())


def _put_on_schedule(row: Publication, post: Post, due_at: datetime, actor: Member | None) -> None:
    if row.state == DeliveryState.SCHEDULED:
        step(row, DeliveryState.APPROVED, actor, **_UNSCHEDULED)
    put_on_schedule(row, due_at, post.expires_at, actor)


def put_on_schedule(
    row: Publication, due_at: datetime, expires_at: datetime | None, actor: Member | None
) -> None:
    """Schedule one approved publication, with its link, and wake the sender at that moment.

    One that may have gone out before a backup was put back is looked for first.
    """
    step(
        row,
        DeliveryState.SCHEDULED,
        actor,
        due_at=due_at,
        next_attempt_at=due_at,
        expires_at=pace().too_late(due_at, expires_at),
        tries=0,
    )
    links.link_for_publication(row)
    if row.perhaps_out and doubt_scheduled(row.pk, row.token):
        row.refresh_from_db(fields=["state", "token", "perhaps_out", "in_doubt"])
    ask_for_delivery([due_at])
