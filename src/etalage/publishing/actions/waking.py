"""What follows when a channel works again, or is given up."""

from __future__ import annotations

from uuid import UUID

from etalage.jobs import enqueue_once
from etalage.kit import clock
from etalage.publishing.actions.opening import SETTLE, ask_for_delivery
from etalage.publishing.delivery.machine import CHANGE
from etalage.publishing.models import DeliveryState, Publication


def after_resumption(channel_id: UUID) -> None:
    """Wake the sender, the looks, and the changes that waited for the channel."""
    now = clock.now()
    ask_for_delivery([now])
    enqueue_once(SETTLE, f"resumed:{channel_id}")
    _ask_for_changes(channel_id)


def after_disconnection(channel_id: UUID) -> None:
    """End at once what waited for the channel."""
    enqueue_once(SETTLE, f"given-up:{channel_id}")
    _ask_for_changes(channel_id)


def _ask_for_changes(channel_id: UUID) -> None:
    changed = Publication.objects.filter(channel_id=channel_id, state=DeliveryState.PUBLISHED).exclude(
        change=""
    )
    for key in changed.values_list("pk", flat=True):
        enqueue_once(CHANGE, str(key), key, at_once=True)  # also one that rests, as the network asked before
