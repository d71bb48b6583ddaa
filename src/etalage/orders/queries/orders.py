"""Reads about sales, for the list, the detail page and the export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from etalage.kit import clock
from etalage.kit.money import Money
from etalage.orders.models import Order, OrderLine, OrderStatus, Redemption, Refund, RefundLine

PAGE = 40
_CHUNK = 1000


@dataclass(frozen=True)
class OrderFilter:
    """Which sales: from `since` until before `until`, in a store, in a state, closed at a place, with a number."""

    since: datetime | None = None
    until: datetime | None = None
    store_id: UUID | None = None
    status: str = ""
    place: str = ""
    number: str = ""


@dataclass(frozen=True)
class Cursor:
    """The last sale that was seen already."""

    placed_at: datetime
    order_id: UUID

    def __str__(self) -> str:
        return f"{clock.to_micros(self.placed_at)}.{self.order_id.hex}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """The cursor that an address carries; None for anything else."""
        micros, _, order_id = text.partition(".")
        try:
            return cls(clock.from_micros(int(micros)), UUID(order_id))
        except (ValueError, OverflowError):
            return None


def orders_page(which: OrderFilter, after: Cursor | None = None, size: int = PAGE) -> list[Order]:
    """One more than `size` sales, the latest first, after the one that was seen last; with store and customer."""
    found = _matching(which).select_related("store", "customer")
    if after:
        found = found.filter(placed_at__lte=after.placed_at).exclude(
            placed_at=after.placed_at, id__gte=after.order_id
        )
    return list(found[: size + 1])


def all_orders(which: OrderFilter) -> Iterator[Order]:
    """Every sale that matches, the latest first, page by page: memory stays flat and no cursor stays open."""
    after: Cursor | None = None
    while True:
        page = orders_page(which, after, _CHUNK)
        yield from page[:_CHUNK]
        if len(page) <= _CHUNK:
            return
        after = cursor_of(page[_CHUNK - 1])


def cursor_of(order: Order) -> Cursor:
    """The place of a sale in the list."""
    return Cursor(order.placed_at, order.pk)


def net_of(order: Order) -> Money:
    """What the sale came to after refunds; nothing for a cancelled one."""
    paid = order.status == OrderStatus.PAID
    return Money(order.total_minor - order.refunded_minor if paid else 0, order.currency)


def order_sheet(order_id: UUID) -> Order:
    """A sale with its lines, refunds, codes, reservation, store and customer. Raises Order.DoesNotExist."""
    refund_lines = Prefetch("lines", RefundLine.objects.order_by("position"))
    return (
        Order.objects.select_related("store", "customer", "reservation", "link__post", "link__campaign")
        .prefetch_related(
            Prefetch("lines", OrderLine.objects.select_related("variant")),
            Prefetch("refunds", Refund.objects.order_by("refunded_at", "id").prefetch_related(refund_lines)),
            Prefetch("redemptions", Redemption.objects.select_related("code")),
        )
        .get(pk=order_id)
    )


def _matching(which: OrderFilter) -> QuerySet[Order]:
    conditions = Q()
    if which.since:
        conditions &= Q(placed_at__gte=which.since)
    if which.until:
        conditions &= Q(placed_at__lt=which.until)
    if which.store_id:
        conditions &= Q(store_id=which.store_id)
    if which.status:
        conditions &= Q(status=which.status)
    if which.place:
        conditions &= Q(place=which.place)
    if which.number:
        conditions &= Q(number__startswith=which.number)
    return Order.objects.filter(conditions).order_by("-placed_at", "-id")
