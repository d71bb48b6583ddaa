"""What a person decides where the program may not: after a refusal, a lost chance, or an unanswerable doubt."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.channels.models import ChannelState
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.publishing import renditions
from etalage.publishing.actions.lifecycle import put_on_schedule, step
from etalage.publishing.actions.opening import ask_for_delivery, changed_meanwhile, managers_only, refuse_seen
from etalage.publishing.actions.posts import checked_text
from etalage.publishing.actions.standing import open_publication
from etalage.publishing.delivery.machine import CLEAR
from etalage.publishing.delivery.pace import pace
from etalage.publishing.models import DeliveryState, Post, PostState, Publication

REPEATABLE = frozenset({DeliveryState.REJECTED, DeliveryState.EXPIRED})  # what was dropped may stand there


@transaction.atomic
def try_again(publication_id: UUID, custom_text: str | None = None, *, actor: Member) -> Publication:
    """Send what surely does not stand there as a new publication that names the old one; it goes out now.

    `custom_text` gives this channel other words than before. A second click finds the first one's publication.
    What a backup brought back may have been sent again since it was made: then a person is asked before it goes out.
    Raises Refusal: not_repeatable, channel_gone, stands_there, has_problems.
    """
    managers_only(actor)
    old = open_publication(publication_id)
    if old.state not in REPEATABLE or old.post.state == PostState.WITHDRAWN:
        raise Refusal(_("This cannot be sent again from here."), code="not_repeatable", status=409)
    if old.channel.state == ChannelState.DISCONNECTED:
        raise Refusal(_("This channel was disconnected. Choose another."), code="channel_gone", status=409)
    if made := Publication.objects.filter(replaces=old).first():
        return made
    refuse_seen([old])
    words = (
        old.custom_text
        if custom_text is None
        else checked_text({old.language: custom_text}).get(old.language, "")
    )
    _refuse_problems(old, words)
    try:
        with transaction.atomic():
            new = Publication.objects.create(
                post=old.post,
                channel=old.channel,
                replaces=old,
                language=old.language,
                custom_text=words,
                perhaps_out=old.perhaps_out,
            )
    except IntegrityError as error:
        raise changed_meanwhile() from error
    step(new, DeliveryState.APPROVED, actor)
    put_on_schedule(new, clock.now(), old.post.expires_at, actor)
    if old.post.state != PostState.APPROVED:
        Post.objects.filter(pk=old.post_id).update(
            state=PostState.APPROVED, approved_by=actor, approved_at=clock.now()
        )
    record(actor, "publication.tried_again", old.post, channel=old.channel.name)
    return new


def _refuse_problems(old: Publication, words: str) -> None:
    found = renditions.blocking(renditions.problems(old.post, old.channel, old.language, words))
    if found:
        raise Refusal(
            _("%(channel)s: %(problem)s"),
            code="has_problems",
            status=422,
            channel=old.channel.name,
            problem=found[0].message,
        )


@transaction.atomic
def it_is_there(publication_id: UUID, remote_url: str = "", *, actor: Member) -> Publication:
    """A person saw it on the network; its address there is welcome, not required."""
    row = _undecided(publication_id, actor)
    url = remote_url.strip()
    if url and (
        urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname or len(url) > 500
    ):
        raise Refusal(
            _("Give the post's web address at the network, or leave it empty."),
            code="url_invalid",
            status=422,
        )
    at = row.sent_at or clock.now()
    facts = {"remote_url": url, "published_at": at, "take_token": True, **CLEAR}
    step(row, DeliveryState.PUBLISHED, actor, reason="seen", **facts)
    record(actor, "publication.seen_there", row.post, channel=row.channel.name)
    return row


@transaction.atomic
def send_again(publication_id: UUID, *, actor: Member) -> Publication:
    """A person says that it does not stand there: the same publication goes out again, now or at its coming hour."""
    row, now = _undecided(publication_id, actor), clock.now()
    if row.change:  # it was withdrawn
        raise changed_meanwhile()
    at = max(now, row.due_at or now)  # a backup that was put back makes also what is due later doubtful
    if row.channel.state == ChannelState.DISCONNECTED:
        raise Refusal(_("This channel was disconnected. Choose another."), code="channel_gone", status=409)
    if row.post.expires_at and row.post.expires_at <= now:
        raise Refusal(
            _("The time after which this post must not go out is over. Give it up."), code="ended", status=409
        )
    fields = {
        "due_at": at,
        "next_attempt_at": at,
        "tries": 0,
        "expires_at": pace().too_late(at, row.post.expires_at),
        "take_token": True,
        **CLEAR,
    }
    step(row, DeliveryState.SCHEDULED, actor, reason="not_there", **fields)
    record(actor, "publication.sent_again", row.post, channel=row.channel.name)
    ask_for_delivery([at])
    return row


@transaction.atomic
def drop(publication_id: UUID, *, actor: Member) -> Publication:
    """A person gives it up, whether it stands there or not."""
    row = _undecided(publication_id, actor)
    step(row, DeliveryState.DROPPED, actor, reason="dropped", change="", take_token=True, **CLEAR)
    record(actor, "publication.dropped", row.post, channel=row.channel.name)
    return row


def _undecided(publication_id: UUID, actor: Member) -> Publication:
    managers_only(actor)
    row = open_publication(publication_id)
    if row.state != DeliveryState.NEEDS_PERSON:
        raise changed_meanwhile()
    return row
