"""Sums per day agree with the sales and credits that they are made from, to the cent."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etalage.insights import queries
from etalage.insights.actions.credit import recompute_all
from etalage.insights.actions.days import mark_sales_days, rebuild_stale_days
from etalage.insights.models import Credit, DayCredit, DaySales, StaleDay, Touch
from etalage.insights.reports import Period, period_named
from etalage.orders.models import Order, OrderLine, Refund
from tests.conftest import World
from tests.insights.shop import customer, link, publication, refund, sale, visit

pytestmark = pytest.mark.django_db
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 30))


def summed() -> None:
    """Everything computed and summed."""
    recompute_all()
    rebuild_stale_days()


def a_busy_week(world: World) -> None:
    for number in range(6):
        lena, through = customer(), link(publication(f"Post {number}"))
        visit(lena, number, through)
        if number % 2:
            visit(lena, number + 0.2, link(publication(f"Other {number}")))
        order = sale(lena, number + 0.5, 1000 + number * 333, store=world.ghent if number % 3 else None)
        OrderLine.objects.create(
            order=order,
            position=1,
            sku="A",
            quantity=1,
            unit_minor=order.total_minor,
            total_minor=order.total_minor,
        )
        if number == 4:
            refund(order, 500)
    sale(None, 3, 2500, store=world.brussels)


@pytest.mark.parametrize("by", ["post", "publication", "channel", "campaign", "store"])
@pytest.mark.parametrize("model", queries.MODELS)
def test_rows_and_the_not_attributed_row_sum_to_the_net_sales(world: World, by: str, model: str) -> None:
    a_busy_week(world)
    summed()
    report = queries.report(OCTOBER, model=model, by=by)
    net = sum(order.total_minor - order.refunded_minor for order in Order.objects.all())
    assert sum(row.credited.minor for row in report.rows) + report.not_attributed.minor == net
    assert report.totals.net.minor == net
    assert report.not_attributed.minor == 2500


def test_a_report_of_one_store_holds_only_its_sales(world: World) -> None:
    a_busy_week(world)
    summed()
    report = queries.report(OCTOBER, store_id=world.brussels.pk)
    assert report.totals.net.minor == report.not_attributed.minor == 2500
    assert not report.rows


def test_products_sum_to_their_lines_less_refunds(world: World) -> None:
    a_busy_week(world)
    order = Order.objects.get(refunded_minor=500)
    back = Refund.objects.get()
    back.lines.create(position=1, line=order.lines.get(), sku="A", quantity=1, amount_minor=500)
    summed()
    report = queries.report(OCTOBER, by="product")
    led = sum(o.total_minor - o.refunded_minor for o in Order.objects.exclude(customer=None))
    assert sum(row.credited.minor for row in report.rows) == led


def test_a_sale_belongs_to_the_day_of_the_business_not_of_greenwich(world: World) -> None:
    order = sale(None, 0, 100)
    Order.objects.filter(pk=order.pk).update(placed_at=datetime(2026, 10, 4, 22, 30, tzinfo=UTC))
    summed()
    assert DaySales.objects.get().day == date(2026, 10, 5)


def test_a_sale_in_another_currency_is_not_added_up(world: World) -> None:
    sale(None, 0, 100)
    sale(None, 0, 900, currency="USD")
    summed()
    assert queries.totals(OCTOBER).net.minor == 100


def test_a_credit_note_of_no_sale_is_told_apart(world: World) -> None:
    order = sale(None, 0, 100)
    Refund.objects.create(
        source="t", number="C1", refunded_at=order.placed_at, currency="EUR", amount_minor=40
    )
    mark_sales_days([order.placed_at])
    summed()
    totals = queries.totals(OCTOBER)
    assert (totals.net.minor, totals.loose_refunds.minor) == (100, 40)


def test_only_stale_days_are_made_again(world: World) -> None:
    sale(None, 0, 100)
    summed()
    DaySales.objects.update(gross=1)
    assert rebuild_stale_days() == 0
    assert DaySales.objects.get().gross == 1
    mark_sales_days([Order.objects.get().placed_at])
    assert StaleDay.objects.count() == 1
    rebuild_stale_days()
    assert DaySales.objects.get().gross == 100


def test_a_day_that_is_marked_already_is_marked_again(world: World) -> None:
    sale(None, 0, 100)
    mark_sales_days([Order.objects.get().placed_at])
    seen = list(StaleDay.objects.all())
    mark_sales_days([Order.objects.get().placed_at])  # its sums may be under way, without this change
    assert StaleDay.objects.exclude(pk__in=[mark.pk for mark in seen]).count() == 1
    assert rebuild_stale_days() == 1
    assert not StaleDay.objects.exists()


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9999), st.booleans()), max_size=8))
def test_day_sums_equal_the_credits_they_are_made_from(
    world: World, sales: list[tuple[int, int, bool]]
) -> None:
    for table in (Credit, DaySales, DayCredit, StaleDay, Touch, Order):
        table.objects.all().delete()
    for day, minor, led in sales:
        lena = customer()
        if led:
            visit(lena, day, link(publication()))
        sale(lena, day + 0.5, minor)
    summed()
    report = queries.report(OCTOBER, model="decay", by="post")
    assert report.totals.attributed.minor == sum(minor for _day, minor, led in sales if led)
    assert sum(row.credited.minor for row in report.rows) == report.totals.attributed.minor


def test_a_post_knows_what_it_sold_since_it_stands(world: World) -> None:
    first, second = link(publication("One")), link(publication("Two"))
    for day in (0, 40):
        lena = customer()
        visit(lena, day, first)
        visit(lena, day + 0.1, second)
        sale(lena, day + 0.5, 1001)
    summed()
    sold = queries.post_results(first.post_id)
    assert (sold.orders, sold.credited["first"].minor, sold.credited["last"].minor) == (2, 2002, 0)
    assert queries.post_results(publication("Silent").post_id).orders == 0


def test_periods_have_names() -> None:
    today = date(2026, 3, 15)
    assert period_named("7d", today) == Period(date(2026, 3, 9), today)
    assert period_named("last-month", today) == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert period_named("28d", today).previous() == Period(date(2026, 1, 19), date(2026, 2, 15))


def test_the_number_of_queries_does_not_grow(world: World, django_assert_max_num_queries: object) -> None:
    a_busy_week(world)
    summed()
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        queries.report(OCTOBER)
