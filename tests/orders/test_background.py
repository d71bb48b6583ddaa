"""What happens by itself after a reservation: the letter, the end, and what other rooms announce."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client, RequestFactory
from pytest_django import Settings

from etalage.customers.actions import find_or_create
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, State
from etalage.kit import clock
from etalage.orders.actions.attempts import check_attempts, forget_attempts, note_attempt
from etalage.orders.actions.hand_over import HandOver, hand_over
from etalage.orders.actions.record import OrderData, record_order
from etalage.orders.actions.redeem import TillUse, redeem_code
from etalage.orders.actions.reserve import reserve
from etalage.orders.models import Attempt, Order, Place, Redemption, Reservation, ReservationState
from etalage.orders.shop.page import address_of_client
from etalage.publishing.models import PromotionCode
from tests.orders.conftest import Goods, Reserve, wish_for

AT = "2026-03-10 10:00Z"


def test_the_letter_goes_by_itself_and_the_end_comes_at_its_hour(goods: Goods) -> None:
    with time_machine.travel(AT, tick=False) as now:
        made = reserve(wish_for(goods.blue, goods.world.ghent)).reservation
        run_until_idle()
        assert [letter.to for letter in mail.outbox] == [["nora@example.com"]]
        now.shift(timedelta(hours=47, minutes=59))
        run_until_idle()
        assert goods.shelf(goods.blue) == (3, 1)
        now.shift(timedelta(minutes=1))
        run_until_idle()
    made.refresh_from_db()
    assert made.state == ReservationState.EXPIRED
    assert goods.shelf(goods.blue) == (3, 0)
    assert len(mail.outbox) == 1
    assert not Job.objects.filter(state=State.DEAD).exists()


def test_every_task_run_twice_has_the_effect_of_once(goods: Goods) -> None:
    from etalage.orders import tasks

    with time_machine.travel(AT, tick=False) as now:
        made = reserve(wish_for(goods.blue, goods.world.ghent, 2)).reservation
        now.shift(timedelta(hours=48))
        for _each in range(2):
            tasks.expire_reservation.call(made.pk)
            tasks.expire_due_reservations.call()
    assert goods.shelf(goods.blue) == (3, 0)


def test_what_a_merged_customer_had_follows_by_itself(goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one(email="nora@example.com")
    order = hand_over(made.pk, HandOver(0), actor=goods.world.counter)
    waiting = reserve_one(goods.cup, email="nora@example.com")
    older = find_or_create("", [("card", "C-1")])
    older_first = min(older.pk, made.customer_id or older.pk)
    find_or_create("", [("card", "C-1"), ("email", "nora@example.com")])
    run_until_idle()

    assert set(Order.objects.filter(pk=order.pk).values_list("customer_id", flat=True)) == {older_first}
    assert set(Reservation.objects.filter(pk=waiting.pk).values_list("customer_id", flat=True)) == {
        older_first
    }


def test_a_code_meets_its_order_by_itself(goods: Goods) -> None:
    PromotionCode.objects.create(code="TILL", percent=10)
    redeem_code(TillUse("TILL", "request-1", goods.world.ghent, "R-7"), actor=goods.world.counter)
    data = OrderData("till", "R-7", clock.now(), "EUR", 900, place=Place.STORE, store_id=goods.world.ghent.pk)
    order = record_order(data)
    run_until_idle()
    assert Redemption.objects.get().order == order


def test_old_attempts_are_forgotten_and_name_nobody(goods: Goods) -> None:
    with time_machine.travel(AT, tick=False) as now:
        for _each in range(30):
            note_attempt("test", "192.0.2.7")
        assert "192.0.2.7" not in str(list(Attempt.objects.values()))
        with pytest.raises(Exception, match="Wait a minute"):
            check_attempts("test", "192.0.2.7")
        check_attempts("test", "192.0.2.8")
        now.shift(timedelta(minutes=1))
        check_attempts("test", "192.0.2.7")
        assert forget_attempts() == 0
        now.shift(timedelta(hours=2))
        assert forget_attempts() == 1


def test_a_crowd_of_forms_from_one_address_is_braked(goods: Goods) -> None:
    client = Client()
    statuses = [client.post("/en/shop/p/scarf/reserve/", {}).status_code for _each in range(130)]
    assert statuses[:60] == [422] * 60
    assert 429 in statuses


@pytest.mark.parametrize(
    ("proxies", "noted", "who"),
    [
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (1, "", "10.0.0.1"),
    ],
)
def test_behind_a_proxy_each_customer_has_brakes_of_their_own(
    proxies: int, noted: str, who: str, settings: Settings, rf: RequestFactory
) -> None:
    """Else one stranger uses up the attempts of all; what a stranger adds to the header is not believed."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"HTTP_X_FORWARDED_FOR": noted} if noted else {}
    assert address_of_client(rf.get("/", REMOTE_ADDR="10.0.0.1", **headers)) == who
