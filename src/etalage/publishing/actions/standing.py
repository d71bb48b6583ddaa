"""What can still be done with what was sent: withdraw it, or change its words, where the network can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.channels.models import ChannelState
from etalage.channels.queries import abilities_of
from etalage.jobs import enqueue_once
from etalage.kit.errors import Refusal
from etalage.publishing import renditions
from etalage.publishing.actions.lifecycle import step
from etalage.publishing.actions.opening import (
    changed_meanwhile,
    is_over,
    is_unsent,
    managers_only,
    open_post,
    publications_of,
    told,
    touch,
)
from etalage.publishing.actions.posts import checked_text
from etalage.publishing.delivery.machine import CHANGE
from etalage.publishing.delivery.reconcile import withdraw_doubtful
from etalage.publishing.delivery.restored import doubt_withdrawn
from etalage.publishing.delivery.states import DOUBTFUL
from etalage.publishing.models import Change, DeliveryState, Post, PostState, Publication


@dataclass(frozen=True)
class Withdrawal:
    """What became of a wish to withdraw: done here, asked of the network, or not possible."""

    done: list[Publication] = field(default_factory=list)
    asked: list[Publication] = field(default_factory=list)
    cannot: list[Publication] = field(default_factory=list)


@dataclass(frozen=True)
class Changed:
    """What became of a wish to change: asked of the network, or not possible there."""

    asked: list[Publication] = field(default_factory=list)
    cannot: list[Publication] = field(default_factory=list)


@transaction.atomic
def withdraw_post(post_id: UUID, *, actor: Member) -> Withdrawal:
    """Take the post back everywhere it can be: what was not sent never goes out, what stands is taken down.

    Raises Refusal `not_approved` for a draft: that is deleted instead.
    """
    managers_only(actor)
    post = open_post(post_id)
    if post.state != PostState.APPROVED:
        raise Refusal(
            _("Only an approved post is withdrawn. Delete the draft."), code="not_approved", status=409
        )
    result = Withdrawal()
    for row in publications_of(post):
        if not is_over(row):
            _withdraw(row, actor, result)
    if not result.cannot:
        post.state = PostState.WITHDRAWN
    touch(post, "state")
    record(actor, "post.withdrawn", post, cannot=len(result.cannot))
    return result


@transaction.atomic
def withdraw_publication(publication_id: UUID, *, actor: Member) -> Publication:
    """Take one publication back. Raises Refusal `cannot_withdraw` where that is not possible."""
    managers_only(actor)
    row, result = open_publication(publication_id), Withdrawal()
    if not is_over(row):
        _withdraw(row, actor, result)
    if row in result.cannot or (is_over(row) and row not in result.done):
        raise Refusal(_why_not(row), code="cannot_withdraw", status=409)
    record(actor, "publication.withdrawn", row.post, channel=row.channel.name)
    told()
    return row


def open_publication(publication_id: UUID) -> Publication:
    """A publication, locked until the end of the transaction. Raises Refusal when there is none.

    Its post is locked first, as by whoever opens the post: in the other order two could wait for each other.
    """
    Post.objects.select_for_update().filter(publications=publication_id).first()
    rows = Publication.objects.select_for_update(of=("self",)).select_related("post", "channel")
    row = rows.filter(pk=publication_id).first()
    if row is None:
        raise Refusal(_("This publication no longer exists."), code="publication_gone", status=404)
    return row


def can_withdraw_there(row: Publication) -> bool:
    """True when the network can take down what stands there."""
    return (
        row.state == DeliveryState.PUBLISHED
        and bool(row.remote_id)
        and row.channel.state != ChannelState.DISCONNECTED
        and abilities_of(row.channel).can_withdraw
    )


def can_edit_there(row: Publication) -> bool:
    """True when the network can change what stands there."""
    return (
        row.state == DeliveryState.PUBLISHED
        and bool(row.remote_id)
        and row.channel.state != ChannelState.DISCONNECTED
        and abilities_of(row.channel).can_edit
    )


def _withdraw(row: Publication, actor: Member, result: Withdrawal) -> None:
    """What waits is withdrawn at once, also out of a worker's hands: its token is taken, so it sends no more.

    What may stand there without our knowing is looked for, and taken down where it does.
    """
    in_hand = row.state in (DeliveryState.CLAIMED, DeliveryState.PREPARED) and not row.in_doubt
    if row.perhaps_out and is_unsent(row):
        doubt_withdrawn(row.pk, row.token)
        result.asked.append(row)
    elif row.state == DeliveryState.DRAFT:
        row.delete()
    elif is_unsent(row) or in_hand:
        step(row, DeliveryState.WITHDRAWN, actor, take_token=True, next_attempt_at=None)
        result.done.append(row)
    elif row.in_doubt and row.state in DOUBTFUL:
        if not withdraw_doubtful(row, actor):
            raise changed_meanwhile()
        result.asked.append(row)
    elif can_withdraw_there(row):
        _ask(row, Change.WITHDRAW)
        result.asked.append(row)
    else:
        result.cannot.append(row)


def _why_not(row: Publication) -> object:
    if row.state == DeliveryState.PUBLISHED:
        return _("This network lets nobody take a post back from here. Delete it at the network.")
    return _(
        "It is not known yet whether this stands on the network. Wait until that is clear, then withdraw it."
    )


def _ask(row: Publication, change: Change) -> None:
    row.change, row.change_reason = change, ""
    row.save(update_fields=["change", "change_reason"])
    enqueue_once(CHANGE, str(row.pk), row.pk)


@transaction.atomic
def edit_published(post_id: UUID, version: int, text: Mapping[str, str], *, actor: Member) -> Changed:
    """Change the words of a published post where the network can; what has its own words keeps them, and
    what is being withdrawn goes on being withdrawn.

    Raises Refusal: nothing_published, changed_meanwhile, in_flight, has_problems.
    """
    managers_only(actor)
    post = open_post(post_id, version)
    rows = publications_of(post)
    standing = [
        row
        for row in rows
        if row.state == DeliveryState.PUBLISHED and not row.custom_text and row.change != Change.WITHDRAW
    ]
    if not standing:
        raise Refusal(_("Nothing of this post stands on a network."), code="nothing_published", status=409)
    if any(not (is_unsent(row) or is_over(row) or row.state == DeliveryState.PUBLISHED) for row in rows):
        raise Refusal(
            _("Part of this post is still on its way. Wait until that is clear."),
            code="in_flight",
            status=409,
        )
    post.text = checked_text(text)
    result = Changed(
        asked=[row for row in standing if can_edit_there(row)],
        cannot=[row for row in standing if not can_edit_there(row)],
    )
    _refuse_unfit(post, result.asked)
    touch(post, "text")
    for row in result.asked:
        _ask(row, Change.EDIT)
    record(actor, "post.edited_after_publication", post, channels=[row.channel.name for row in result.asked])
    return result


def _refuse_unfit(post: Post, rows: list[Publication]) -> None:
    for row in rows:
        found = renditions.blocking(renditions.problems(post, row.channel, row.language, row.custom_text))
        wrong = [problem for problem in found if problem.code != "ended"]
        if wrong:
            raise Refusal(
                _("%(channel)s: %(problem)s"),
                code="has_problems",
                status=422,
                channel=row.channel.name,
                problem=wrong[0].message,
            )
