"""The ends of a reservation without a sale: its time is over, or somebody called it off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.orders.actions.stock import release
from etalage.orders.events import ReservationCancelled, ReservationExpired
from etalage.orders.models import Reservation, ReservationLine, ReservationState


def expire_reservation(reservation_id: UUID) -> bool:
    """End a reservation whose time is over; False when it is not, or when something else ended it first."""
    due = Q(expires_at__lte=clock.now())
    return _close(reservation_id, due, ReservationState.EXPIRED, ReservationExpired(reservation_id))


def expire_due(limit: int = 500) -> int:
    """End every reservation whose time is over, whatever became of its own job; returns how many."""
    due = Reservation.objects.filter(state=ReservationState.OPEN, expires_at__lte=clock.now())
    ids = list(due.order_by("expires_at").values_list("pk", flat=True)[:limit])
    return sum(expire_reservation(reservation_id) for reservation_id in ids)


@transaction.atomic
def cancel_reservation(reservation_id: UUID, *, actor: Member | None = None) -> bool:
    """Call a reservation off, for the customer (`actor` None) or by staff; False when it had ended already."""
    done = _close(
        reservation_id, Q(), ReservationState.CANCELLED, ReservationCancelled(reservation_id), closed_by=actor
    )
    if done:
        record(actor or "customer", "reservation.cancelled", Reservation.objects.get(pk=reservation_id))
    return done


@transaction.atomic
def _close(reservation_id: UUID, when: Q, to: ReservationState, event: object, **fields: Any) -> bool:
    """Leave the open state once: the row is changed and locked by the same statement that checks it."""
    still_open = Reservation.objects.filter(when, pk=reservation_id, state=ReservationState.OPEN)
    if not still_open.update(state=to, closed_at=clock.now(), **fields):
        return False
    give_rest_back(Reservation.objects.get(pk=reservation_id))
    announce(event)
    tell("reservations")
    return True


def give_rest_back(reservation: Reservation) -> None:
    """Free the pieces that were not handed over. Call it once, by whoever closed the reservation."""
    for line in ReservationLine.objects.filter(reservation=reservation).order_by("variant_id"):
        if line.quantity > line.handed_over:
            release(line.variant_id, reservation.store_id, line.quantity - line.handed_over)
