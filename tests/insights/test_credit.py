"""Who led to which sale, in the shop's own tables, on the shop's own database."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etalage.insights.actions.credit import recompute, recompute_all
from etalage.insights.models import Credit, Touch, TouchKind
from etalage.kit import clock
from etalage.orders.models import Order, OrderStatus
from tests.conftest import World
from tests.insights.shop import at, credited, customer, link, publication, refund, sale, sums, visit

pytestmark = pytest.mark.django_db


def test_each_model_gives_its_share_to_the_cent(world: World) -> None:
    lena = customer()
    touches = [visit(lena, day) for day in (1, 3, 8, 8.5)]
    order = sale(lena, 9, 1001)
    recompute([lena.pk])
    earned = credited(order)
    assert earned["first"] == {touches[0].pk: 1001, touches[1].pk: 0, touches[2].pk: 0, touches[3].pk: 0}
    assert earned["last"][touches[3].pk] == 1001
    assert sorted(earned["linear"].values()) == [250, 250, 250, 251]
    assert [earned["position"][touch.pk] for touch in touches] == [401, 100, 100, 400]
    decay = [earned["decay"][touch.pk] for touch in touches]
    assert decay == sorted(decay)
    assert sums(order) == {1001}


def test_microseconds_decide_which_sale_a_visit_led_to(world: World) -> None:
    lena = customer()
    first, second = sale(lena, 1, 500), sale(lena, 2, 700)
    moment = clock.to_micros(first.placed_at)
    just_in_time, just_late = visit(lena, 1), visit(lena, 1)
    Touch.objects.filter(pk=just_late.pk).update(ts_us=moment + 1)
    recompute([lena.pk])
    assert credited(first)["linear"] == {just_in_time.pk: 500}
    assert credited(second)["linear"] == {just_late.pk: 700}


def test_a_visit_before_the_lookback_window_leads_to_nothing(world: World) -> None:
    lena = customer()
    visit(lena, 0)
    order = sale(lena, 31, 900)
    recompute([lena.pk])
    assert not Credit.objects.filter(order=order).exists()
    world.business.lookback_days = 60
    world.business.save()
    recompute_all()
    assert sums(order) == {900}


def test_a_cancelled_sale_gives_its_visits_to_the_next(world: World) -> None:
    lena = customer()
    touch = visit(lena, 1)
    first, second = sale(lena, 2, 500), sale(lena, 3, 700)
    recompute([lena.pk])
    assert credited(first)["last"] == {touch.pk: 500}
    Order.objects.filter(pk=first.pk).update(status=OrderStatus.CANCELLED)
    recompute([], [first.pk])
    assert not Credit.objects.filter(order=first).exists()
    assert credited(second)["last"] == {touch.pk: 700}


def test_robots_and_visits_without_consent_lead_to_nothing(world: World) -> None:
    lena = customer()
    Touch.objects.filter(pk=visit(lena, 1).pk).update(is_bot=True)
    visit(None, 1.5)
    order = sale(lena, 2, 500)
    recompute([lena.pk])
    assert not Credit.objects.filter(order=order).exists()


def test_a_code_leads_to_the_sale_of_somebody_nobody_knows(world: World) -> None:
    order = sale(None, 2, 999)
    code = Touch.objects.create(
        source="redemption:1", kind=TouchKind.CODE, ts_us=clock.to_micros(at(2)), order=order
    )
    recompute([], [order.pk])
    assert credited(order)["position"] == {code.pk: 999}


def test_one_visit_that_ended_in_a_reservation_counts_once(world: World) -> None:
    lena, through = customer(), link(publication())
    other = visit(lena, 0.5, link(publication("Other")))
    visit(lena, 0.9, through)
    order = sale(lena, 2, 1000, link=through)
    reserved = Touch.objects.create(
        source=f"order:{order.pk}",
        kind=TouchKind.RESERVATION,
        ts_us=clock.to_micros(at(1)),
        order=order,
        link=through,
    )
    recompute([lena.pk])
    assert credited(order)["linear"] == {other.pk: 500, reserved.pk: 500}


def test_a_full_refund_leaves_nothing(world: World) -> None:
    lena = customer()
    visit(lena, 1)
    visit(lena, 1.5)
    order = sale(lena, 2, 1001)
    refund(order, 1001)
    recompute([lena.pk])
    assert sums(order) == {0}
    assert all(amount == 0 for amounts in credited(order).values() for amount in amounts.values())


def test_computing_again_changes_nothing(world: World) -> None:
    lena = customer()
    for day in (1, 2, 3):
        visit(lena, day)
    sale(lena, 4, 777)
    recompute([lena.pk])
    before = list(Credit.objects.order_by("touch").values_list("touch", "first", "linear", "decay"))
    recompute([lena.pk])
    recompute_all()
    assert list(Credit.objects.order_by("touch").values_list("touch", "first", "linear", "decay")) == before


EVENT = st.one_of(
    st.tuples(st.just("visit"), st.integers(0, 40)),
    st.tuples(st.just("sale"), st.integers(0, 40), st.integers(1, 5000)),
    st.tuples(st.just("refund"), st.integers(1, 3000)),
    st.tuples(st.just("cancel")),
)


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, max_size=14), seed=st.integers(0, 2**16))
def test_credit_sums_to_the_net_value_whatever_happened_in_whatever_order(
    world: World, events: list[tuple[object, ...]], seed: int
) -> None:
    chance, lena = random.Random(seed), customer()
    orders: list[Order] = []
    for event in events:
        match event:
            case ("visit", int(day)):
                visit(lena, day + chance.random())
            case ("sale", int(day), int(minor)):
                orders.append(sale(lena, day + chance.random(), minor))
            case ("refund", int(minor)) if orders:
                order = chance.choice(orders)
                refund(order, min(minor, order.total_minor - order.refunded_minor))
            case ("cancel",) if orders:
                Order.objects.filter(pk=chance.choice(orders).pk).update(status=OrderStatus.CANCELLED)
        recompute([lena.pk])
    used: set[object] = set()
    for order in orders:
        order.refresh_from_db()
        rows = Credit.objects.filter(order=order)
        if order.status == OrderStatus.CANCELLED:
            assert not rows.exists()
        elif rows.exists():
            assert sums(order) == {order.total_minor - order.refunded_minor}
        touched = {row.touch_id for row in rows}
        assert not used & touched, "a visit was credited twice"
        used |= touched


def test_the_lookback_is_in_days_of_real_time(world: World) -> None:
    lena = customer()
    touch = visit(lena, 0)
    order = sale(lena, 0, 100)
    Order.objects.filter(pk=order.pk).update(placed_at=at(0) + timedelta(days=30) - timedelta(microseconds=1))
    recompute([lena.pk])
    assert credited(order)["first"] == {touch.pk: 100}
