"""Visits, sales and sums that come at the same moment, on connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction

from etalage.insights.actions import days, touches
from etalage.insights.actions.credit import recompute, recompute_buyers
from etalage.insights.actions.days import mark_sales_days, rebuild_stale_days
from etalage.insights.models import DaySales, Touch
from etalage.insights.zone import business_zone
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.orders.models import Order
from tests.conftest import World
from tests.insights.shop import at, credited, customer, link, publication, sale
from tests.insights.test_touches import browser, click
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
