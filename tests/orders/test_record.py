"""Single orders, refunds and cancellations from other systems: told twice is told once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etalage.customers.actions import merge_customers
from etalage.customers.models import Customer
from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.actions.people import repoint_customer
from etalage.orders.actions.record import (
    LineData,
    OrderData,
    RefundData,
    RefundLineData,
    cancel_order,
    record_order,
    record_refund,
)
from etalage.orders.models import Order, OrderLine, OrderStatus, Refund
from tests.conftest import World


def order_data(**changes: object) -> OrderData:
    """An order of 20.00 with two lines."""
    lines = (LineData("A", 1, 1500, 1500), LineData("B", 2, 250, 500))
    data = OrderData("web", "1001", clock.now(), "EUR", 2000, lines)
    return replace(data, **changes)  # type: ignore[arg-type]


def count(event: str) -> int:
    return Event.objects.filter(name__endswith=f".{event}").count()


def test_an_order_told_twice_is_one_order(world: World) -> None:
    data = order_data()
    first, second = record_order(data), record_order(data)

    assert first.pk == second.pk
    assert OrderLine.objects.count() == 2
    assert (count("OrderPaid"), count("OrderChanged")) == (1, 0)


def test_a_corrected_order_corrects(world: World) -> None:
    data = order_data()
    first = record_order(data)
    corrected = record_order(replace(data, total_minor=1500, lines=data.lines[:1]))

    assert (corrected.pk, corrected.total_minor, corrected.lines.count()) == (first.pk, 1500, 1)
    assert (count("OrderPaid"), count("OrderChanged")) == (1, 1)


def test_the_refunded_sum_is_always_the_sum_of_the_refunds(world: World) -> None:
    order = record_order(order_data())
    refund = RefundData(
        "web", "CN-1", clock.now(), "EUR", 500, order.pk, lines=(RefundLineData("B", 2, 500),)
    )
    record_refund(refund)
    record_refund(refund)
    record_refund(replace(refund, number="CN-2", amount_minor=300, lines=()))
    record_refund(replace(refund, amount_minor=700))

    order.refresh_from_db()
    assert order.refunded_minor == 1000
    assert Refund.objects.count() == 2
    assert count("RefundRecorded") == 3


def test_a_note_without_a_known_sale_is_kept_alone(world: World) -> None:
    note = RefundData("till", "CN-9", clock.now(), "EUR", 500)
    assert record_refund(note).pk == record_refund(note).pk
    assert Refund.objects.get().order is None


def test_a_refund_is_above_zero(world: World) -> None:
    with pytest.raises(ValueError, match="above zero"):
        record_refund(RefundData("till", "CN-9", clock.now(), "EUR", 0))


def test_an_order_never_gives_back_more_than_it_cost(world: World) -> None:
    order = record_order(order_data())
    first = RefundData("web", "CN-1", clock.now(), "EUR", 1500, order.pk)
    record_refund(first)
    for too_much in (replace(first, number="CN-2", amount_minor=501), replace(first, amount_minor=2001)):
        with pytest.raises(Refusal) as refused:
            record_refund(too_much)
        assert (refused.value.code, refused.value.status) == ("refund_too_high", 409)
        assert "1001" in refused.value.message
    order.refresh_from_db()
    assert (order.refunded_minor, Refund.objects.count()) == (1500, 1)
    record_refund(replace(first, amount_minor=2000))
    order.refresh_from_db()
    assert order.refunded_minor == 2000


def test_an_order_is_cancelled_once(world: World) -> None:
    order = record_order(order_data())
    assert (cancel_order(order.pk), cancel_order(order.pk)) == (True, False)
    assert Order.objects.get().status == OrderStatus.CANCELLED
    assert count("OrderCancelled") == 1


def test_orders_follow_a_merger_of_their_customers(world: World) -> None:
    older, newer = Customer.objects.create(name="A"), Customer.objects.create(name="B")
    order = record_order(order_data(customer_id=newer.pk))
    kept = merge_customers(newer.pk, older.pk)
    assert repoint_customer(newer.pk, kept) == 1

    order.refresh_from_db()
    assert (kept, order.customer_id) == (older.pk, older.pk)
    assert count("OrderChanged") == 1
