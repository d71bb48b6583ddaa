"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class OrderPaid:
    """A sale is known: online, at the till, or a reservation handed over."""

    order_id: UUID


@dataclass(frozen=True)
class OrderChanged:
    """A known sale reads otherwise now: a corrected file, another customer, another moment."""

    order_id: UUID


@dataclass(frozen=True)
class OrdersChanged:
    """Sales read from a file are new, or read otherwise: corrected, cancelled, refunded. At most 500 at a time."""

    order_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class OrderCancelled:
    """A sale did not happen after all; it gives its touches back."""

    order_id: UUID


@dataclass(frozen=True)
class SalesMoved:
    """What no changed order leads to any more: the moments and the customers that sales moved away from.

    Also the moments at which a refund of no known sale came, changed or went. At most 500 of each at a time.
    """

    moments: tuple[datetime, ...] = ()
    customer_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class RefundRecorded:
    """Money went back, or a known refund was corrected."""

    refund_id: UUID


@dataclass(frozen=True)
class ReservationMade:
    """A customer reserved. `visitor_id` only with the consent to link visits and purchases."""

    reservation_id: UUID
    visitor_id: UUID | None = None


@dataclass(frozen=True)
class ReservationExpired:
    """Nobody came in time; the stock is free again."""

    reservation_id: UUID


@dataclass(frozen=True)
class ReservationCancelled:
    """The customer or the shop called it off; the stock is free again."""

    reservation_id: UUID


@dataclass(frozen=True)
class CodeRedeemed:
    """A promotion code was used at the till, a use was joined to its order later, or it was none and is gone."""

    redemption_id: UUID
