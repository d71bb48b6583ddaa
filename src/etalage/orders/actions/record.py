"""Sales, refunds and cancellations told one at a time by another system. Files have a path of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.events import OrderCancelled, OrderChanged, OrderPaid, RefundRecorded, SalesMoved
from etalage.orders.models import Order, OrderLine, OrderStatus, Place, Refund, RefundLine


@dataclass(frozen=True)
class LineData:
    """One line of a sale; amounts in minor units, `total_minor` after the line's own discount."""

    sku: str
    quantity: int
    unit_minor: int
    total_minor: int
    title: str = ""
    variant_id: UUID | None = None


@dataclass(frozen=True)
class OrderData:
    """A sale as another system tells it. `source` and `number` name it there, and only once."""

    source: str
    number: str
    placed_at: datetime
    currency: str
    total_minor: int
    lines: tuple[LineData, ...] = ()
    place: Place = Place.ONLINE
    discount_minor: int = 0
    store_id: UUID | None = None
    customer_id: UUID | None = None
    link_id: UUID | None = None


@dataclass(frozen=True)
class RefundLineData:
    """What of a refund went back; positive quantity and amount. `line_id` is the order's line when known."""

    sku: str
    quantity: int
    amount_minor: int
    title: str = ""
    line_id: int | None = None


@dataclass(frozen=True)
class RefundData:
    """Money that went back: `amount_minor` above zero. `order_id` None when the note names no known sale."""

    source: str
    number: str
    refunded_at: datetime
    currency: str
    amount_minor: int
    order_id: UUID | None = None
    store_id: UUID | None = None
    customer_id: UUID | None = None
    lines: tuple[RefundLineData, ...] = ()


def record_order(data: OrderData) -> Order:
    """Write a sale, or correct the one of the same source and number. The same data twice changes nothing.

    A correction of a cancelled sale leaves it cancelled.
    """
    digest = _digest(asdict(data))
    try:
        with transaction.atomic():
            order = Order.objects.create(**_order_fields(data), digest=digest)
            _write_lines(order, data.lines)
            announce(OrderPaid(order.pk))
            tell("orders")
            return order
    except IntegrityError:
        if not Order.objects.filter(source=data.source, number=data.number).exists():
            raise
    return _correct_order(data, digest)


@transaction.atomic
def _correct_order(data: OrderData, digest: str) -> Order:
    order = Order.objects.select_for_update().get(source=data.source, number=data.number)
    if order.digest == digest:
        return order
    Order.objects.filter(pk=order.pk).update(**_order_fields(data), digest=digest)
    order.lines.all().delete()
    _write_lines(order, data.lines)
    announce(OrderChanged(order.pk))
    if (order.placed_at, order.customer_id) != (data.placed_at, data.customer_id):
        announce(SalesMoved((order.placed_at,), (order.customer_id,) if order.customer_id else ()))
    tell("orders")
    order.refresh_from_db()
    return order


def record_refund(data: RefundData) -> Refund:
    """Write a refund, or correct the known one; the order's `refunded_minor` always is the sum of its refunds.

    Raises ValueError for an amount that is not above zero, and Refusal when an order would give back more than
    it cost.
    """
    if data.amount_minor <= 0:
        raise ValueError("a refund is an amount above zero")
    fields = {key: value for key, value in asdict(data).items() if key != "lines"}
    name = {key: fields.pop(key) for key in ("source", "number", "order_id")}
    digest = _digest(asdict(data))
    with transaction.atomic():
        _lock_order(data.order_id)
        _check_room(data)
        refund, created = Refund.objects.get_or_create(**name, defaults={**fields, "digest": digest})
        if not created and refund.digest == digest:
            return refund
        if not created:
            if data.order_id is None and refund.refunded_at != data.refunded_at:
                announce(SalesMoved((refund.refunded_at,)))
            Refund.objects.filter(pk=refund.pk).update(**fields, digest=digest)
            refund.refresh_from_db()
        refund.lines.all().delete()
        RefundLine.objects.bulk_create(
            RefundLine(refund=refund, position=position, **asdict(line))
            for position, line in enumerate(data.lines, 1)
        )
        _sum_refunds(data.order_id)
        announce(RefundRecorded(refund.pk))
        tell("orders")
        return refund


@transaction.atomic
def cancel_order(order_id: UUID) -> bool:
    """Undo a sale that did not happen; False when it was undone before."""
    undone = Order.objects.filter(pk=order_id, status=OrderStatus.PAID).update(status=OrderStatus.CANCELLED)
    if undone:
        announce(OrderCancelled(order_id))
        tell("orders")
    return bool(undone)


def _lock_order(order_id: UUID | None) -> None:
    if order_id:
        Order.objects.select_for_update().get(pk=order_id)


def _check_room(data: RefundData) -> None:
    """Refuse what, with the order's other refunds, is more than the order cost. The order is locked."""
    if data.order_id is None:
        return
    others = Refund.objects.filter(order_id=data.order_id).exclude(source=data.source, number=data.number)
    back = others.aggregate(total=Sum("amount_minor"))["total"] or 0
    order = Order.objects.get(pk=data.order_id)
    if back + data.amount_minor > order.total_minor:
        raise Refusal(
            _("Order %(number)s cost less than what would go back. Correct the amount."),
            code="refund_too_high",
            status=409,
            number=order.number,
        )


def _sum_refunds(order_id: UUID | None) -> None:
    if order_id:
        total = Refund.objects.filter(order_id=order_id).aggregate(total=Sum("amount_minor"))["total"] or 0
        Order.objects.filter(pk=order_id).update(refunded_minor=total)


def _order_fields(data: OrderData) -> dict[str, object]:
    fields = {key: value for key, value in asdict(data).items() if key != "lines"}
    return {**fields, "recorded_at": clock.now()}


def _write_lines(order: Order, lines: Sequence[LineData]) -> None:
    OrderLine.objects.bulk_create(
        OrderLine(order=order, position=position, **asdict(line)) for position, line in enumerate(lines, 1)
    )


def _digest(fields: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()
