"""What could not be taken in: people see why, have it tried again, or give it up."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Model

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.accounts.queries import current_business
from etalage.channels.actions.rights import managers_only
from etalage.channels.models import Channel
from etalage.channels.queries import journal
from etalage.edge.journal import Waiting
from etalage.jobs import enqueue_once

DRAIN = "etalage.channels.tasks.drain_incoming"


def replay_letter(letter: str, *, actor: Member) -> bool:
    """Have a delivery taken in again; False when it is not among the failed ones any more."""
    managers_only(actor)
    found = journal().find_dead(letter)
    if found is None or not journal().replay_dead(letter):
        return False
    record(actor, "channel.incoming_replayed", _thing(found), count=1)
    enqueue_once(DRAIN, "asked")
    return True


def replay_all(*, actor: Member) -> int:
    """Have all failed deliveries taken in again; returns how many."""
    managers_only(actor)
    count = journal().replay_dead()
    if count:
        record(actor, "channel.incoming_replayed", current_business(), count=count)
        enqueue_once(DRAIN, "asked")
    return count


def drop_letter(letter: str, *, actor: Member) -> bool:
    """Give a delivery up: what it held is forgotten. False when it is not among the failed ones any more."""
    managers_only(actor)
    found = journal().find_dead(letter)
    if found is None or not journal().drop_dead(letter):
        return False
    record(actor, "channel.incoming_dropped", _thing(found), reason=found.reason)
    return True


def _thing(letter: Waiting) -> Model:
    """What the audit trail names: the channel that it came for, else the business."""
    try:
        found = Channel.objects.filter(pk=UUID(hex=letter.key)).first()
    except ValueError:
        found = None
    return found or current_business()
