"""Changes to what stands on a network already: edits and withdrawals, both repeatable without harm."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from etalage.channels import actions as channels
from etalage.channels.grants import version_of
from etalage.channels.models import ChannelState
from etalage.channels.queries import ChannelUnusable, editor_for
from etalage.jobs import RetryAt, enqueue_once
from etalage.jobs.lease import current_lease
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.images import PictureRefused
from etalage.networks.base import Accepted, ChannelRefused, NotAccepted, Outcome, Reason, Rejected, Unknown
from etalage.publishing import links, renditions
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.facts import delivery_of
from etalage.publishing.delivery.outcomes import asked_wait
from etalage.publishing.delivery.pace import pace
from etalage.publishing.models import Change, CopyState, DeliveryState, DeliveryStep, Publication, SecondCopy

log = logging.getLogger(__name__)
SHORTEST_WAIT = timedelta(seconds=10)
EDITED = "edited"
UNCLEAR = "change_unclear"


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
    current_lease().check()  # another worker may have sent newer words by now
    if publication.change == Change.WITHDRAW:
        return editor.withdraw(account, publication.remote_id)
    shown = renditions.check(publication, links.address_of(links.link_for_publication(publication)))
    try:
        rendition = renditions.render(shown)
    except (PictureRefused, OSError) as error:
        log.warning("a picture of publication %s cannot be fitted: %r", publication.pk, error)
        if renditions.is_final(error):
            return Rejected(Reason.MEDIA_INVALID)
        _waits(publication, "picture_unread")
        raise _again(pace().wait(4), "picture_unread") from error
    return editor.edit(
        account, publication.remote_id, rendition, delivery_of(publication, publication.attempt)
    )


def _take_in(publication: Publication, answer: Outcome) -> None:
    publication.channel.refresh_from_db(fields=["state"])  # it may have been given up meanwhile
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
            # The wish stays; it is carried out when the channel is mended, or at once where its access is renewed.
            _waits(publication, reason)
            version = version_of(publication.channel)
            channel = channels.pause_channel(publication.channel_id, reason, actor=None, version=version)
            if channel.state == ChannelState.ACTIVE:
                quiet = channel.quiet_until - clock.now() if channel.quiet_until else SHORTEST_WAIT
                raise _again(max(quiet, SHORTEST_WAIT), reason)
        case NotAccepted() if publication.channel.state == ChannelState.DISCONNECTED:
            _end(publication, f"{publication.change}_refused", Reason.AUTH_DEAD)
        case NotAccepted(reason, retry_after):
            _waits(publication, reason)
            raise _again(max(asked_wait(retry_after), SHORTEST_WAIT), reason)
        case Unknown():
            _waits(publication, UNCLEAR)
            raise _again(pace().wait(4), UNCLEAR)


def _waits(publication: Publication, reason: str) -> None:
    """Say why the change is not done yet, unless another one was asked for meanwhile."""
    asked = Publication.objects.filter(pk=publication.pk, change=publication.change)
    asked.update(change_reason=reason)


def remove_copy(copy_id: int) -> None:
    """Let the network delete the younger copy. Raises RetryAt while it gives no clear answer."""
    rows = SecondCopy.objects.select_related("publication__channel__grant")
    copy = rows.filter(pk=copy_id, state=CopyState.ASKED).first()
    if copy is None:
        return
    publication, younger = copy.publication, _younger(copy, copy.publication)
    if copy.remote_id == publication.remote_id:  # one and the same: it stands there once
        _end_copy(copy, CopyState.KEPT, "", copy.remote_id)
        return
    try:
        reached = editor_for(publication.channel)
        current_lease().check()
        answer = reached[0].withdraw(reached[1], younger) if reached else Rejected(Reason.MISCONFIGURED)
    except ChannelUnusable:
        answer = ChannelRefused(Reason.AUTH_DEAD)
    match answer:
        case Accepted() | Rejected(Reason.GONE):
            _end_copy(copy, CopyState.REMOVED, "", younger)
        case Rejected(reason) | ChannelRefused(reason):
            _end_copy(copy, CopyState.OPEN, reason, younger)
        case NotAccepted(reason, retry_after):
            raise _again(max(asked_wait(retry_after), SHORTEST_WAIT), reason)
        case Unknown():
            raise _again(pace().wait(4), UNCLEAR)


def _younger(copy: SecondCopy, publication: Publication) -> str:
    """The id of the one to delete; the copy's where the publication does not stand there under one of its own."""
    stands = publication.state == DeliveryState.PUBLISHED and publication.remote_id
    return copy.remote_id if copy.is_younger or not stands else publication.remote_id


def _end_copy(copy: SecondCopy, state: CopyState, reason: str, younger: str) -> None:
    """Note what became of the copy; when the known one was the younger, the other one is the publication now."""
    with transaction.atomic():
        publication = Publication.objects.select_for_update().get(pk=copy.publication_id)
        if state == CopyState.REMOVED and younger != _younger(copy, publication):
            # What was deleted was withdrawn too: the copy still stands.
            raise _again(pace().wait(1), "it moved meanwhile")
        asked = SecondCopy.objects.filter(pk=copy.pk, state=CopyState.ASKED)
        if not asked.update(state=state, reason=reason):
            return
        if state == CopyState.REMOVED and younger == publication.remote_id:
            Publication.objects.filter(pk=publication.pk).update(remote_id=copy.remote_id, remote_url="")
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
    if publication.change == Change.EDIT:
        _end(publication, EDITED, "")
        return
    withdrawn = machine.move(
        publication.pk,
        publication.token,
        DeliveryState.WITHDRAWN,
        reason="withdrawn",
        take_token=True,
        # Else a copy took the place of the one that was taken down.
        only_if=Q(remote_id=publication.remote_id),
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
            return
        standing = Publication.objects.filter(pk=publication.pk, state=publication.state)
        if step == EDITED:
            # Newer words were sent while ours were on their way, and perhaps ours came last.
            newer = standing.filter(change="").exclude(post__version=publication.post.version)
            if newer.update(change=Change.EDIT):
                # Whoever comes so late has lost its job: nothing but another one carries this wish out.
                enqueue_once(machine.CHANGE, str(publication.pk), publication.pk)
        goes_on = standing.exclude(change="").exists()
    if goes_on:
        raise _again(pace().wait(1), "it changed meanwhile")
