"""What came back, and the writing of everything that was sold into the shop's books."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from etalage.catalogue.models import Stock
from etalage.demo.past import Past
from etalage.demo.sales import Sales
from etalage.demo.visits import Visits
from etalage.insights.models import Touch
from etalage.jobs import enqueue_once
from etalage.orders.models import (
    Order,
    OrderLine,
    OrderStatus,
    Redemption,
    Refund,
    RefundLine,
    Reservation,
    ReservationLine,
    ReservationState,
)
from etalage.publishing.models import PromotionCode, TrackedLink

COMES_BACK = 0.035


def draw_refunds(past: Past, sales: Sales) -> list[tuple[Refund, OrderLine]]:
    """Some people bring one thing back within two weeks; the order's running total follows."""
    chance = past.chance("refunds")
    found: list[tuple[Refund, OrderLine]] = []
    for order in sales.orders:
        line = sales.lines[order.pk][0]
        amount = min(line.total_minor, order.total_minor)
        at = order.placed_at + timedelta(days=chance.uniform(0.8, 13))
        if chance.random() > COMES_BACK or order.status != OrderStatus.PAID or amount <= 0 or at > past.now:
            continue
        refund = Refund(
            id=past.id_at(at),
            source=order.source,
            number=f"R-{len(found) + 1001}",
            order=order,
            store_id=order.store_id,
            customer_id=order.customer_id,
            refunded_at=at,
            currency=order.currency,
            amount_minor=amount,
            recorded_at=at,
        )
        order.refunded_minor = amount
        found.append((refund, line))
    return found


def save_sales(sales: Sales, refunds: list[tuple[Refund, OrderLine]]) -> None:
    """Write reservations, orders, refunds and redemptions in few statements, and hold what is promised."""
    Order.objects.bulk_create(sales.orders)
    lines = [line for order in sales.orders for line in sales.lines[order.pk]]
    OrderLine.objects.bulk_create(lines)
    Reservation.objects.bulk_create(sales.reservations)
    ReservationLine.objects.bulk_create(sales.reserved)
    Redemption.objects.bulk_create(sales.redemptions)
    Refund.objects.bulk_create(refund for refund, _line in refunds)
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=refund,
            position=1,
            line=line,
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            amount_minor=refund.amount_minor,
        )
        for refund, line in refunds
    )
    for code_id, used in sales.uses.items():
        PromotionCode.objects.filter(pk=code_id).update(used=used)
    _hold(sales)


def _hold(sales: Sales) -> None:
    """Promise the pieces of open reservations, on shelves that hold them; their ends are on the schedule."""
    for (variant_id, store_id), pieces in sales.held().items():
        shelf = Stock.objects.filter(variant_id=variant_id, store_id=store_id)
        shelf.update(on_hand=F("on_hand") + pieces, reserved=pieces)
    for row in sales.reservations:
        if row.state == ReservationState.OPEN:
            task = "etalage.orders.tasks.expire_reservation"
            enqueue_once(task, row.pk.hex, row.pk, run_after=row.expires_at)


def save_visits(visits: Visits, sales: Sales) -> None:
    """Write the codes on the shelves and every touch; call it after orders and publications."""
    TrackedLink.objects.bulk_create(visits.labels)
    Touch.objects.bulk_create([*visits.touches, *sales.touches])
