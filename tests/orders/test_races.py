"""Many at once: no sale beyond the stock, no code beyond its limit, no end twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, transaction

from etalage.catalogue.models import Stock
from etalage.customers.actions import erase_customer, find_or_create, merge_customers
from etalage.customers.models import Identity
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.actions.closing import cancel_reservation, expire_reservation
from etalage.orders.actions.hand_over import HandOver, hand_over
from etalage.orders.actions.redeem import TillUse, redeem_code
from etalage.orders.actions.reserve import MOST_OPEN, Reserved, Wish, reserve
from etalage.orders.models import Order, Redemption, Reservation, ReservationState
from etalage.publishing.models import PromotionCode
from tests.orders.conftest import Goods, Reserve, wish_for
from tests.orders.threads import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_hundred_buyers_and_one_piece_make_one_sale(goods: Goods) -> None:
    wishes = [
        wish_for(goods.red, goods.world.ghent, name=f"Buyer {number}", email=f"buyer{number}@example.com")
        for number in range(100)
    ]
    results = all_at_once([partial(reserve, wish) for wish in wishes], threads=20)

    sold = [result for result in results if isinstance(result, Reserved)]
    refused = [result.code for result in results if isinstance(result, Refusal)]
    assert len(sold) == 1
    assert refused == ["out_of_stock"] * 99
    assert goods.shelf(goods.red) == (1, 1)
    assert Reservation.objects.count() == 1


def test_looking_first_and_writing_then_would_have_oversold(goods: Goods) -> None:
    """The control: the same crowd with the usual read, check, write sells one piece many times."""
    both_have_looked = Barrier(5)

    def look_then_write() -> bool:
        shelf = Stock.objects.get(variant=goods.red, store=goods.world.ghent)
        free = shelf.available >= 1
        both_have_looked.wait(timeout=60)
        if free:
            shelf.reserved += 1
            shelf.save()
        return free

    assert all_at_once([look_then_write] * 5, threads=5) == [True] * 5
    assert goods.shelf(goods.red) == (1, 1), "and the shelf does not even show it"


@pytest.mark.parametrize("already_open", [0, MOST_OPEN - 1])
def test_one_form_sent_from_many_threads_reserves_once(
    goods: Goods, reserve_one: Reserve, already_open: int
) -> None:
    for _number in range(already_open):
        reserve_one(goods.cup)
    wish = wish_for(goods.blue, goods.world.ghent)
    results = all_at_once([partial(reserve, wish)] * 12, threads=12)

    made = {result.reservation.pk for result in results if isinstance(result, Reserved)}
    assert len(made) == 1
    assert len([result for result in results if isinstance(result, Reserved)]) == 12, results
    assert goods.shelf(goods.blue) == (3, 1)


def test_no_crowd_of_wishes_gets_one_customer_beyond_the_limit(goods: Goods, reserve_one: Reserve) -> None:
    Stock.objects.filter(variant=goods.cup).update(on_hand=40)
    reserve_one(goods.cup)
    wishes = [wish_for(goods.cup, goods.world.ghent) for _number in range(20)]
    results = all_at_once([partial(reserve, wish) for wish in wishes], threads=20)

    refused = [result.code for result in results if isinstance(result, Refusal)]
    assert refused == ["too_many_reservations"] * (21 - MOST_OPEN), results
    assert Reservation.objects.filter(state=ReservationState.OPEN).count() == MOST_OPEN
    assert goods.shelf(goods.cup) == (40, MOST_OPEN)


def test_a_sale_and_a_wish_of_the_same_customer_do_not_lock_each_other_out(
    goods: Goods, reserve_one: Reserve
) -> None:
    made = reserve_one(goods.cup)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hand_over(made.pk, HandOver(0), actor=goods.world.counter)  # holds the cups until it is committed
            wished = pool.submit(_reserve_and_leave, wish_for(goods.cup, goods.world.ghent))
            assert not wait([wished], timeout=1).done, "it waits for the cups, and holds the customer"
        assert wished.result(timeout=60).reservation.pk != made.pk
    assert goods.shelf(goods.cup) == (9, 1)


@pytest.mark.parametrize("becomes", ["erased", "another"])
def test_a_wish_never_ends_with_somebody_who_was_erased_or_merged_meanwhile(
    goods: Goods, reserve_one: Reserve, becomes: str
) -> None:
    older = find_or_create("Nora Peeters", [("phone", "+32 470 11 22 33")])
    before = reserve_one(goods.cup).customer
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            if becomes == "erased":
                erase_customer(before.pk)
            else:
                merge_customers(older.pk, before.pk)
            wished = pool.submit(_reserve_and_leave, wish_for(goods.cup, goods.world.ghent))
            assert not wait([wished], timeout=1).done, "it waits for the contact, or for the customer"
        customer = wished.result(timeout=60).reservation.customer
    customer.refresh_from_db()
    assert (customer.erased_at, customer.merged_into_id) == (None, None)
    assert customer.pk != before.pk
    assert not Identity.objects.filter(customer=before).exists()


@pytest.mark.parametrize("became", ["erased", "another"])
def test_a_contact_that_came_to_nobody_goes_to_who_it_is(
    goods: Goods, reserve_one: Reserve, became: str
) -> None:
    """An import beside an erasure or a merger may have written it there."""
    older = find_or_create("Nora Peeters", [("phone", "+32 470 11 22 33")])
    before = reserve_one(goods.cup).customer
    if became == "erased":
        erase_customer(before.pk)
    else:
        merge_customers(older.pk, before.pk)
    Identity.objects.filter(kind="email").delete()
    Identity.objects.create(customer=before, kind="email", value="nora@example.com")
    customer = reserve_one(goods.cup).customer
    assert (customer == older) == (became == "another")
    assert customer != before
    assert Identity.objects.get(kind="email").customer == customer


def _reserve_and_leave(wish: Wish) -> Reserved:
    try:
        return reserve(wish)
    finally:
        connection.close()


def test_the_last_use_of_a_code_is_given_once(goods: Goods) -> None:
    PromotionCode.objects.create(code="LAST", amount_minor=500, usage_limit=3, used=2)
    uses = [TillUse("LAST", f"request-{number}") for number in range(20)]
    results = all_at_once([partial(redeem_code, use, actor=goods.world.counter) for use in uses], threads=10)

    assert len([result for result in results if isinstance(result, Redemption)]) == 1
    assert [result.code for result in results if isinstance(result, Refusal)] == ["code_used_up"] * 19
    assert PromotionCode.objects.get().used == 3


def test_one_click_at_the_till_from_many_threads_counts_once(goods: Goods) -> None:
    PromotionCode.objects.create(code="TILL", percent=10)
    use = TillUse("TILL", "the-only-request")
    results = all_at_once([partial(redeem_code, use, actor=goods.world.counter)] * 10, threads=10)

    assert {result.pk for result in results if isinstance(result, Redemption)} == {
        Redemption.objects.get().pk
    }
    assert PromotionCode.objects.get().used == 1


def test_of_hand_over_cancel_and_expiry_one_wins_and_stock_is_exact(
    goods: Goods, reserve_one: Reserve
) -> None:
    for round_number in range(6):
        made = reserve_one(goods.cup, email=f"round{round_number}@example.com")
        Reservation.objects.filter(pk=made.pk).update(expires_at=clock.now())
        on_hand, _reserved = goods.shelf(goods.cup)
        results = all_at_once(
            [
                partial(hand_over, made.pk, HandOver(0), actor=goods.world.counter),
                partial(cancel_reservation, made.pk),
                partial(expire_reservation, made.pk),
            ],
            threads=3,
        )
        won = [result for result in results if isinstance(result, Order) or result is True]
        assert len(won) == 1, results
        sold = int(isinstance(won[0], Order))
        assert goods.shelf(goods.cup) == (on_hand - sold, 0)


def test_the_database_itself_waits_for_the_others() -> None:
    """Without locks that last, the tests above would prove nothing."""
    assert connection.vendor in {"sqlite", "postgresql"}
    assert not connection.is_in_memory_db() if connection.vendor == "sqlite" else True  # type: ignore[attr-defined]
