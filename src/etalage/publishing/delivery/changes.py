"""Changes to what stands on a network already: edits and withdrawals, both repeatable without harm."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from etalage.channels import actions as channels
from etalage.channels.models import ChannelState
from etalage.channels.queries import ChannelUnusable, editor_for
from etalage.jobs import RetryAt
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.networks.base import Accepted, ChannelRefused, NotAccepted, Outcome, Reason, Rejected
from etalage.publishing import links, renditions
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.facts import delivery_of
from etalage.publishing.delivery.pace import pace
from etalage.publishing.models import Change, CopyState, DeliveryState, DeliveryStep, Publication, SecondCopy


def carry_out(publication_id: UUID) -> None:
    """Do the change that is asked for. Raises RetryAt while the network gives no clear answer."""
    rows = Publication.objects.select_related("post", "channel__grant")
    publication = rows.filter(pk=publication_id, state=DeliveryState.PUBLISHED).exclude(change="").first()
    if publication is None:
        return
    try:
        answer = _asked(publication)
    except ChannelUnusable:
        answer = ChannelRefused(Reason.AUTH_DEAD)
    _take_in(publication, answer)


def _asked(publication: Publication) -> Outcome:
    """Put the change to the network."""
    reached = editor_for(publication.channel)
    if reached is None or not publication.remote_id:
        return Rejected(Reason.MISCONFIGURED)
    editor, account = reached
    if publication.change == Change.WITHDRAW:
        return editor.withdraw(account, publication.remote_id)
    shown = renditions.check(publication, links.address_of(links.link_for_publication(publication)))
    delivery = delivery_of(publication, publication.attempt)
    return editor.edit(account, publication.remote_id, renditions.render(shown), delivery)


def _take_in(publication: Publication, answer: Outcome) -> None:
    match answer:
        case Accepted():
            _done(publication)
        case Rejected(Reason.GONE) if publication.change == Change.WITHDRAW:
            _done(publication)
        case Rejected(reason):
            _end(publication, f"{publication.change}_refused", reason)
        case ChannelRefused(reason) if publication.channel.state == ChannelState.DISCONNECTED:
            _end(publication, f"{publication.change}_refused", reason)  # nobody will mend it
        case ChannelRefused(reason):
            # The wish stays; it is carried out when the channel is mended.
            Publication.objects.filter(pk=publication.pk).update(change_reason=reason)
            channels.pause_channel(publication.channel_id, reason, actor=None)
        case NotAccepted(reason, retry_after):
            Publication.objects.filter(pk=publication.pk).update(change_reason=reason)
            raise _again(timedelta(seconds=max(retry_after or 0.0, 10.0)), reason)
        case _:
            raise _again(pace().wait(4), "no clear answer")


def remove_copy(copy_id: int) -> None:
    """Let the network delete the younger copy. Raises RetryAt while it gives no clear answer."""
    rows = SecondCopy.objects.select_related("publication__channel__grant")
    copy = rows.filter(pk=copy_id, state=CopyState.ASKED).first()
    if copy is None:
        return
    publication = copy.publication
    if copy.remote_id == publication.remote_id:  # one and the same: it stands there once
        _end_copy(copy, CopyState.KEPT, "")
        return
    try:
        reached = editor_for(publication.channel)
        answer = (
            reached[0].withdraw(reached[1], _younger(copy)) if reached else Rejected(Reason.MISCONFIGURED)
        )
    except ChannelUnusable:
        answer = ChannelRefused(Reason.AUTH_DEAD)
    match answer:
        case Accepted() | Rejected(Reason.GONE):
            _end_copy(copy, CopyState.REMOVED, "")
        case Rejected(reason) | ChannelRefused(reason):
            _end_copy(copy, CopyState.OPEN, reason)
        case NotAccepted(reason, retry_after):
            raise _again(timedelta(seconds=max(retry_after or 0.0, 10.0)), reason)
        case _:
            raise _again(pace().wait(4), "no clear answer")


def _younger(copy: SecondCopy) -> str:
    """The id of the one to delete. Where the publication knows none of its own, that is the copy."""
    return (not copy.is_younger and copy.publication.remote_id) or copy.remote_id


def _end_copy(copy: SecondCopy, state: CopyState, reason: str) -> None:
    """Note what became of the copy; when the known one was the younger, the other one is the publication now."""
    publication, younger = copy.publication, _younger(copy)
    with transaction.atomic():
        asked = SecondCopy.objects.filter(pk=copy.pk, state=CopyState.ASKED)
        if not asked.update(state=state, reason=reason):
            return
        if state == CopyState.REMOVED and younger == publication.remote_id:
            known = Publication.objects.filter(pk=publication.pk, remote_id=publication.remote_id)
            known.update(remote_id=copy.remote_id, remote_url="")
        DeliveryStep.objects.create(
            publication=publication,
            from_state=publication.state,
            to_state=publication.state,
            reason="copy_removed" if state == CopyState.REMOVED else reason,
            detail=younger,
            attempt=publication.attempt,
        )
        tell("posts")


def _again(wait: timedelta, reason: str) -> RetryAt:
    """Not counted: both changes may be repeated without harm, and the wish outlasts a network that is away."""
    return RetryAt(clock.now() + wait, reason, counted=False)


def _done(publication: Publication) -> None:
    with transaction.atomic():
        if publication.change == Change.EDIT:
            _end(publication, "edited", "")
            return
        withdrawn = machine.move(
            publication.pk,
            publication.token,
            DeliveryState.WITHDRAWN,
            reason="withdrawn",
            take_token=True,
            change="",
            change_reason="",
        )
        if not withdrawn:
            raise _again(pace().wait(1), "it moved meanwhile")


def _end(publication: Publication, step: str, reason: str) -> None:
    """Note how the change ended; the publication itself stays where it is."""
    with transaction.atomic():
        # Words that changed again meanwhile are still to be sent.
        asked = Publication.objects.filter(
            pk=publication.pk, change=publication.change, post__version=publication.post.version
        )
        if asked.update(change="", change_reason=reason):
            DeliveryStep.objects.create(
                publication_id=publication.pk,
                from_state=publication.state,
                to_state=publication.state,
                reason=step,
                detail=str(reason),
                attempt=publication.attempt,
            )
            tell("posts")
        elif (
            Publication.objects.filter(pk=publication.pk, state=publication.state).exclude(change="").exists()
        ):
            raise _again(pace().wait(1), "it changed meanwhile")
