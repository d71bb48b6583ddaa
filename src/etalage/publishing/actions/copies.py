"""What becomes of a second copy of a publication on its network: the younger one is deleted, or both may stay."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.channels.models import ChannelState
from etalage.channels.queries import abilities_of
from etalage.jobs import enqueue_once
from etalage.kit.errors import Refusal
from etalage.publishing.actions.opening import changed_meanwhile, managers_only, told
from etalage.publishing.actions.standing import open_publication
from etalage.publishing.models import CopyState, Publication, SecondCopy

REMOVE = "etalage.publishing.tasks.remove_copy"


@transaction.atomic
def note_second_copy(publication_id: UUID, remote_id: str, *, is_younger: bool) -> None:
    """A second copy was seen: keep it until a person says what becomes of it. Seen again, it changes nothing."""
    publication = Publication.objects.select_for_update().filter(pk=publication_id).first()
    if publication is None or publication.remote_id == remote_id:
        return
    made = SecondCopy.objects.get_or_create(
        publication=publication, remote_id=remote_id[:200], defaults={"is_younger": is_younger}
    )[1]
    if made:
        told()


@transaction.atomic
def delete_copy(publication_id: UUID, *, actor: Member) -> Publication:
    """Let the network delete the younger copy. Raises Refusal: changed_meanwhile, cannot_withdraw.

    A copy that is the publication itself is none: that one stays.
    """
    row, copy = _open_copy(publication_id, actor)
    if copy.remote_id == row.remote_id:
        _close(copy)
        return row
    if row.channel.state == ChannelState.DISCONNECTED or not abilities_of(row.channel).can_withdraw:
        raise Refusal(
            _("This network lets nobody take a post back from here. Delete it at the network."),
            code="cannot_withdraw",
            status=409,
        )
    copy.state, copy.reason = CopyState.ASKED, ""
    copy.save(update_fields=["state", "reason"])
    enqueue_once(REMOVE, str(copy.pk), copy.pk)
    record(actor, "publication.copy_deleted", row.post, channel=row.channel.name)
    told()
    return row


@transaction.atomic
def keep_copies(publication_id: UUID, *, actor: Member) -> Publication:
    """Both may stay, or the other was deleted at the network by hand. Raises Refusal `changed_meanwhile`."""
    row, copy = _open_copy(publication_id, actor)
    _close(copy)
    record(actor, "publication.copies_kept", row.post, channel=row.channel.name)
    return row


def _close(copy: SecondCopy) -> None:
    copy.state = CopyState.KEPT
    copy.save(update_fields=["state"])
    told()


def _open_copy(publication_id: UUID, actor: Member) -> tuple[Publication, SecondCopy]:
    """The publication and its first copy about which nothing was decided, locked."""
    managers_only(actor)
    row = open_publication(publication_id)
    copy = SecondCopy.objects.select_for_update().filter(publication=row, state=CopyState.OPEN).first()
    if copy is None:
        raise changed_meanwhile()
    return row, copy
