"""The law of stock: whatever happens in whatever order, nothing appears and nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from etalage.catalogue.models import Stock
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.ids import short_code
from etalage.orders.actions.closing import cancel_reservation, expire_reservation
from etalage.orders.actions.hand_over import HandOver, hand_over
from etalage.orders.actions.reserve import reserve
from etalage.orders.models import OrderLine, Reservation, ReservationLine, ReservationState
from tests.conftest import World
from tests.orders.conftest import make_product, make_variant, wish_for

INITIAL = 7


class Shelf(RuleBasedStateMachine):
    """One variant in one store, reserved, handed over in parts, cancelled and expired at random."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        name = short_code(10).lower()
        self.variant = make_variant(make_product(name), name, 1000)
        Stock.objects.create(variant=self.variant, store=self.world.ghent, on_hand=INITIAL)
        self.made: list[Reservation] = []

    def some(self, data: Any) -> Reservation:
        return data.draw(st.sampled_from(self.made))

    @rule(quantity=st.integers(1, 4))
    def reserve(self, quantity: int) -> None:
        wish = wish_for(self.variant, self.world.ghent, quantity, email=f"{short_code(8)}@example.com")
        free = Stock.objects.get(variant=self.variant).available
        try:
            self.made.append(reserve(wish).reservation)
            assert quantity <= free
        except Refusal as refusal:
            assert refusal.code == "out_of_stock"
            assert quantity > free

    @precondition(lambda self: self.made)
    @rule(data=st.data(), pieces=st.integers(0, 5), keep_rest=st.booleans(), seen=st.integers(0, 3))
    def hand_over(self, data: Any, pieces: int, keep_rest: bool, seen: int) -> None:
        chosen = self.some(data)
        line = ReservationLine.objects.get(reservation=chosen)
        try:
            hand_over(chosen.pk, HandOver(seen, {line.pk: pieces}, keep_rest), actor=self.world.counter)
        except Refusal as refusal:
            assert refusal.code in {"reservation_closed", "too_many_pieces", "nothing_handed_over"}

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        cancel_reservation(self.some(data).pk)

    @precondition(lambda self: self.made)
    @rule(data=st.data(), due=st.booleans())
    def expire(self, data: Any, due: bool) -> None:
        chosen = self.some(data)
        if due:
            Reservation.objects.filter(pk=chosen.pk).update(expires_at=clock.now() - timedelta(seconds=1))
        expire_reservation(chosen.pk)

    @invariant()
    def what_is_sold_and_what_is_left_is_what_there_was(self) -> None:
        shelf = Stock.objects.get(variant=self.variant)
        sold = sum(line.quantity for line in OrderLine.objects.filter(variant=self.variant))
        waiting = ReservationLine.objects.filter(
            variant=self.variant, reservation__state=ReservationState.OPEN
        )
        assert shelf.on_hand + sold == INITIAL
        assert shelf.reserved == sum(line.quantity - line.handed_over for line in waiting)
        assert 0 <= shelf.reserved <= shelf.on_hand


def test_stock_is_exact_after_any_sequence(world: World) -> None:
    Shelf.world = world
    run_state_machine_as_test(
        Shelf,
        settings=settings(
            max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
