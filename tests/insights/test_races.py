"""Visits, sales and sums that come at the same moment, on connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction

from etalage.credit.models import MODELS
from etalage.insights import handlers
from etalage.insights.actions import credit, days, touches
from etalage.insights.actions.credit import recompute, recompute_buyers
from etalage.insights.actions.days import mark_sales_days, rebuild_stale_days
from etalage.insights.models import Credit, DaySales, Touch
from etalage.insights.zone import business_zone
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import UNFINISHED, Job, State
from etalage.kit import clock
from etalage.orders.actions.record import OrderData, record_order
from etalage.orders.events import OrderChanged, SalesMoved
from etalage.orders.models import Order
from tests.conftest import World
from tests.insights.shop import at, credited, customer, link, publication, sale
from tests.insights.test_touches import browser, click
from tests.jobs.conftest import wait_for, working
from tests.orders.threads import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
many_writers = pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="SQLite has one writer: the other waits until the first has ended"
)


def beside(work: Callable[[], object]) -> Future[object]:
    """Begin this on a connection of its own, and come back once it has ended or waits for ours."""

    def alone() -> object:
        try:
            return work()
        finally:
            connection.close()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(alone)
    pool.shutdown(wait=False)
    waits = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    with connection.cursor() as cursor:
        while not future.done():
            cursor.execute(waits)
            if cursor.fetchone()[0]:
                break
    return future


def bought_while_clicks_come_in(finish: Callable[[Touch], object]) -> Order:
    """A sale committed, and credited by its own job, while the visit that led to it is not committed yet."""
    lena, sales = customer(), list[Order]()
    visit = click(link(publication()), visitor=browser(lena).pk.hex)

    def buy() -> None:
        sales.append(sale(lena, 2, 900))
        recompute([], [sales[0].pk])

    with transaction.atomic():
        touches.record_clicks([visit])
        finish(Touch.objects.get())
        other = beside(buy)
    other.result()
    return sales[0]


@many_writers
def test_a_sale_that_comes_while_its_visit_is_taken_over_is_credited(world: World) -> None:
    order = bought_while_clicks_come_in(lambda _touch: None)
    run_until_idle()
    assert sum(credited(order)["linear"].values()) == 900


@many_writers
def test_crediting_within_the_transaction_of_the_visit_would_miss_it(world: World) -> None:
    """The control: neither the visit's transaction nor the sale's sees the other."""
    order = bought_while_clicks_come_in(
        lambda touch: recompute_buyers([touch.customer_id] if touch.customer_id else [], [], touch.ts_us)
    )
    assert not credited(order)["linear"]


def sums_of_the_day() -> list[tuple[int, int]]:
    return list(DaySales.objects.values_list("orders", "gross"))


@many_writers
def test_a_day_summed_twice_at_once_holds_its_sums_once(world: World) -> None:
    sale(None, 0, 100)
    mark_sales_days([at(0)])

    def again() -> None:
        mark_sales_days([at(0)])
        rebuild_stale_days()

    with transaction.atomic():
        rebuild_stale_days()
        other = beside(again)
    other.result()
    assert sums_of_the_day() == [(1, 100)]


@many_writers
def test_without_taking_turns_the_day_would_hold_them_twice(world: World) -> None:
    """The control: each deletes what it sees, and neither sees what the other adds."""
    sale(None, 0, 100)
    zone = business_zone()
    naive = partial(days._sum_sales, clock.local_day(at(0), zone), zone, "EUR")

    def again() -> None:
        with transaction.atomic():
            naive()

    with transaction.atomic():
        naive()
        other = beside(again)
    other.result()
    assert sums_of_the_day() == [(1, 100), (1, 100)]


def test_many_that_mark_and_sum_one_day_leave_it_right(world: World) -> None:
    def sell_and_sum(minor: int) -> None:
        sale(None, 0, minor)
        mark_sales_days([at(0)])
        rebuild_stale_days()

    results = all_at_once([partial(sell_and_sum, 10**number) for number in range(12)], threads=4)
    assert results == [None] * 12
    rebuild_stale_days()
    assert sums_of_the_day() == [(12, 111_111_111_111)]


def two_sales() -> list[Order]:
    """Of two customers; the sale with the lower id is of the customer with the higher one."""
    first, second = customer("Lena"), customer("Omar")
    return [sale(second, 1, 100), sale(first, 2, 100)]


def meet_over(work: Callable[[], object], held: Order, wanted: Callable[[], object]) -> None:
    """One who has locked a sale, and goes on to what is wanted, while this work comes to wait for that sale."""

    def alone() -> None:
        with transaction.atomic():
            work()

    with transaction.atomic():
        Order.objects.select_for_update().get(pk=held.pk)
        other = beside(alone)
        assert not other.done()
        wanted()
    other.result()


@many_writers
def test_whoever_waits_for_a_sale_keeps_nobody_from_marking_its_day(world: World) -> None:
    _first, order = two_sales()
    moved = SalesMoved((at(1),), (order.customer_id,) if order.customer_id else ())
    meet_over(lambda: handlers.sum_days_again(moved), order, lambda: mark_sales_days([at(2)]))


@many_writers
def test_a_first_portion_of_sales_keeps_nobody_from_marking_days_while_it_waits_for_the_second(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credit, "PORTION", 1)
    first, second = two_sales()
    orders = [first.pk, second.pk]
    meet_over(lambda: recompute([], orders), first, lambda: mark_sales_days([at(2)]))


@many_writers
def test_sales_are_locked_in_one_order_whatever_their_portions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credit, "PORTION", 1)
    first, second = two_sales()
    orders = [first.pk, second.pk]
    meet_over(
        lambda: recompute([], orders), first, lambda: Order.objects.select_for_update().get(pk=second.pk)
    )


@many_writers
def test_a_sale_through_a_link_waits_for_its_customers_others_without_holding_its_touch(world: World) -> None:
    lena = customer()
    first, second = sale(lena, 1, 100), sale(lena, 2, 100, link=link(publication()))
    touches.record_order_link(second.pk)
    amounts = dict.fromkeys(MODELS, 0)
    earned = Credit(order=first, touch=Touch.objects.get(), rank=1, touches=1, age_us=0, **amounts)
    meet_over(lambda: handlers.credit_again(OrderChanged(second.pk)), first, earned.save)


@many_writers
def test_corrections_of_one_customers_sales_are_credited_by_many_hands_without_a_deadlock(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    lena, omar, through = customer(), customer("Omar"), link(publication())

    def tell_of(number: int, minor: int, day: float) -> None:
        who = (lena, omar)[(number + minor) % 3 == 0]
        record_order(
            OrderData(
                source="till",
                number=str(number),
                placed_at=at(day),
                currency="EUR",
                total_minor=minor,
                customer_id=who.pk,
                link_id=through.pk if number % 2 else None,
            )
        )

    for number in range(25):
        tell_of(number, 100, number)
    with working(threads=3, chores=False):
        for number in range(25):
            tell_of(number, 200 + number, number + 0.5)
        wait_for(lambda: not Job.objects.filter(state__in=UNFINISHED).exists())
    assert "was ended for another" not in caplog.text
    assert set(Job.objects.values_list("state", "attempts", "last_error")) == {(State.DONE, 1, "")}
    assert sum(gross for _orders, gross in sums_of_the_day()) == sum(200 + number for number in range(25))
