"""The counter: handing over all or a part, the sale that it makes, and promotion codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from etalage.accounts.models import AuditEntry
from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.actions.closing import expire_reservation
from etalage.orders.actions.hand_over import HandOver, hand_over
from etalage.orders.actions.redeem import TillUse, join_redemptions, redeem_code, try_code
from etalage.orders.actions.reserve import WishLine, reserve
from etalage.orders.discounts import discount_of
from etalage.orders.models import Order, Place, Redemption, Reservation, ReservationState
from etalage.publishing.models import LinkKind, PromotionCode, TrackedLink
from tests.orders.conftest import Goods, Reserve, wish_for


def test_handing_over_makes_one_paid_sale_that_keeps_the_link(goods: Goods, reserve_one: Reserve) -> None:
    link = TrackedLink.objects.create(code="ABCD2345", kind=LinkKind.POST, target="/shop/")
    made = reserve_one(goods.blue, 2, link_code=link.code)
    order = hand_over(made.pk, HandOver(seen=0), actor=goods.world.counter)

    assert (order.source, order.number, order.place) == ("reservation", made.code, Place.STORE)
    assert (order.total_minor, order.currency, order.link, order.store) == (
        5998,
        "EUR",
        link,
        goods.world.ghent,
    )
    assert order.customer == made.customer
    assert [(line.sku, line.quantity, line.total_minor) for line in order.lines.all()] == [("SC-B", 2, 5998)]
    assert goods.shelf(goods.blue) == (1, 0)
    made.refresh_from_db()
    assert (made.state, made.order, made.closed_by) == (
        ReservationState.HANDED_OVER,
        order,
        goods.world.counter,
    )
    assert Event.objects.filter(name__endswith="OrderPaid", payload__order_id=str(order.pk)).count() == 1
    assert (
        AuditEntry.objects.filter(action="reservation.handed_over", member=goods.world.counter).count() == 1
    )


def test_a_second_click_changes_nothing(goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one(goods.blue, 2)
    choice = HandOver(seen=0)
    first = hand_over(made.pk, choice, actor=goods.world.counter)
    second = hand_over(made.pk, choice, actor=goods.world.counter)

    assert first.pk == second.pk
    assert Order.objects.count() == 1
    assert goods.shelf(goods.blue) == (1, 0)
    assert Event.objects.filter(name__endswith="OrderPaid").count() == 1


def two_lines(goods: Goods) -> Reservation:
    """Two blue scarves and three cups, 97.48 in all."""
    lines = (WishLine(goods.blue.pk, 2), WishLine(goods.cup.pk, 3))
    return reserve(wish_for(goods.blue, goods.world.ghent, lines=lines)).reservation


def test_a_part_is_paid_and_the_rest_is_free_again(goods: Goods) -> None:
    made = two_lines(goods)
    blue, cup = made.lines.get(variant=goods.blue), made.lines.get(variant=goods.cup)
    order = hand_over(made.pk, HandOver(0, {blue.pk: 1, cup.pk: 0}), actor=goods.world.counter)

    assert order.total_minor == 2999
    assert goods.shelf(goods.blue) == (2, 0)
    assert goods.shelf(goods.cup) == (10, 0)
    made.refresh_from_db()
    assert made.state == ReservationState.HANDED_OVER


def test_a_part_is_paid_and_the_rest_is_kept_and_paid_later(goods: Goods) -> None:
    made = two_lines(goods)
    blue, cup = made.lines.get(variant=goods.blue), made.lines.get(variant=goods.cup)
    first = hand_over(
        made.pk, HandOver(0, {blue.pk: 2, cup.pk: 1}, keep_rest=True), actor=goods.world.counter
    )
    assert goods.shelf(goods.cup) == (9, 2)
    again = hand_over(
        made.pk, HandOver(0, {blue.pk: 2, cup.pk: 1}, keep_rest=True), actor=goods.world.counter
    )
    assert again.pk == first.pk, "the same page sent twice"
    second = hand_over(made.pk, HandOver(seen=3), actor=goods.world.counter)

    assert [first.number, second.number] == [made.code, f"{made.code}-2"]
    assert [first.total_minor, second.total_minor] == [2 * 2999 + 1250, 2 * 1250]
    assert goods.shelf(goods.blue) == (1, 0)
    assert goods.shelf(goods.cup) == (7, 0)
    made.refresh_from_db()
    assert (made.state, made.order_id) == (ReservationState.HANDED_OVER, first.pk)


def test_a_kept_rest_expires_without_what_was_taken(goods: Goods) -> None:
    with time_machine.travel("2026-03-10 10:00Z", tick=False) as now:
        made = two_lines(goods)
        cup = made.lines.get(variant=goods.cup)
        hand_over(made.pk, HandOver(0, {cup.pk: 1}, keep_rest=True), actor=goods.world.counter)
        now.shift(timedelta(hours=48))
        assert expire_reservation(made.pk)
    assert goods.shelf(goods.cup) == (9, 0)
    assert goods.shelf(goods.blue) == (3, 0)


@pytest.mark.parametrize("pieces", [-1, 3, 99])
def test_more_than_was_reserved_is_not_handed_over(goods: Goods, reserve_one: Reserve, pieces: int) -> None:
    made = reserve_one(goods.blue, 2)
    with pytest.raises(Refusal) as refused:
        hand_over(made.pk, HandOver(0, {made.lines.get().pk: pieces}), actor=goods.world.counter)
    assert refused.value.code == "too_many_pieces"
    assert goods.shelf(goods.blue) == (3, 2)
    assert not Order.objects.exists()


def test_nothing_is_not_a_hand_over(goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one()
    with pytest.raises(Refusal) as refused:
        hand_over(made.pk, HandOver(0, {made.lines.get().pk: 0}), actor=goods.world.counter)
    assert refused.value.code == "nothing_handed_over"


def test_an_expired_reservation_cannot_be_handed_over(goods: Goods) -> None:
    with time_machine.travel("2026-03-10 10:00Z", tick=False) as now:
        made = reserve(wish_for(goods.blue, goods.world.ghent)).reservation
        now.shift(timedelta(hours=48))
        expire_reservation(made.pk)
        with pytest.raises(Refusal) as refused:
            hand_over(made.pk, HandOver(0), actor=goods.world.counter)
    assert refused.value.code == "reservation_closed"
    assert goods.shelf(goods.blue) == (3, 0)


def test_a_count_that_forgot_promised_pieces_never_makes_the_shelf_negative(
    goods: Goods, reserve_one: Reserve
) -> None:
    made = reserve_one(goods.blue, 3)
    goods.blue.stock.filter(store=goods.world.ghent).update(on_hand=1)
    hand_over(made.pk, HandOver(0), actor=goods.world.counter)
    assert goods.shelf(goods.blue) == (0, 0)


# Promotion codes


def test_a_code_lowers_the_total_and_the_lines_still_add_up(goods: Goods, reserve_one: Reserve) -> None:
    PromotionCode.objects.create(code="SPRING", percent=15)
    made = reserve_one(goods.blue, 2)
    order = hand_over(made.pk, HandOver(0, code=" spring "), actor=goods.world.counter)

    assert (order.total_minor, order.discount_minor) == (5998 - 900, 900)
    assert sum(line.total_minor for line in order.lines.all()) == order.total_minor
    redemption = Redemption.objects.get()
    assert (redemption.order, redemption.customer, redemption.discount_minor) == (order, made.customer, 900)
    assert PromotionCode.objects.get().used == 1
    assert Event.objects.filter(name__endswith="CodeRedeemed").count() == 1


def test_a_code_that_is_refused_leaves_everything_as_it_was(goods: Goods, reserve_one: Reserve) -> None:
    PromotionCode.objects.create(code="ONCE", amount_minor=500, usage_limit=1, used=1)
    made = reserve_one()
    with pytest.raises(Refusal) as refused:
        hand_over(made.pk, HandOver(0, code="ONCE"), actor=goods.world.counter)

    assert refused.value.code == "code_used_up"
    assert not Order.objects.exists()
    assert goods.shelf(goods.blue) == (3, 1)


def test_trying_a_code_shows_what_it_takes_off_and_uses_nothing(goods: Goods) -> None:
    PromotionCode.objects.create(code="FIVE", amount_minor=500, usage_limit=1)
    offer = try_code("five", goods.blue.price)
    assert (offer.discount.minor, offer.to_pay.minor) == (500, 2499)
    assert PromotionCode.objects.get().used == 0


@pytest.mark.parametrize(
    ("percent", "amount", "worth", "expected"),
    [
        (15, None, 5998, 900),
        (50, None, 1, 1),
        (100, None, 777, 777),
        (10, None, None, 0),
        (None, 500, 300, 300),
        (None, 500, 900, 500),
        (None, 500, None, 500),
        (33, None, 100, 33),
    ],
)
def test_what_a_code_takes_off(
    percent: int | None, amount: int | None, worth: int | None, expected: int
) -> None:
    assert discount_of(PromotionCode(percent=percent, amount_minor=amount), worth) == expected


def test_a_code_at_the_till_counts_once_per_click(goods: Goods) -> None:
    PromotionCode.objects.create(code="TILL", percent=10)
    use = TillUse("till", "a-key-of-its-own", goods.world.ghent, "R-1001", 4000)
    first, second = (redeem_code(use, actor=goods.world.counter) for _each in range(2))

    assert first.pk == second.pk
    assert (first.discount_minor, first.receipt, first.order) == (400, "R-1001", None)
    assert PromotionCode.objects.get().used == 1
    assert AuditEntry.objects.filter(action="code.redeemed").count() == 1


def test_a_code_finds_its_order_when_the_tills_file_comes_in(goods: Goods) -> None:
    PromotionCode.objects.create(code="TILL", percent=10)
    use = redeem_code(TillUse("TILL", "key-number-one", goods.world.ghent, "R-7"), actor=goods.world.counter)
    elsewhere = Order.objects.create(
        source="till-b",
        number="R-7",
        store=goods.world.brussels,
        placed_at=clock.now(),
        currency="EUR",
        total_minor=1,
    )
    order = Order.objects.create(
        source="till",
        number="R-7",
        store=goods.world.ghent,
        placed_at=clock.now(),
        currency="EUR",
        total_minor=900,
    )
    assert join_redemptions(elsewhere.pk) == 0
    assert (join_redemptions(order.pk), join_redemptions(order.pk)) == (1, 0)
    use.refresh_from_db()
    assert use.order == order
    assert Event.objects.filter(name__endswith="CodeRedeemed").count() == 2
