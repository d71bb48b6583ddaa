"""While one watches, things go on through the product's own doors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from etalage.accounts.models import Role
from etalage.catalogue.models import Stock
from etalage.demo import town_life
from etalage.demo.town_life import SUPPLY, TownLife
from etalage.kit import clock
from etalage.orders.models import Order, Redemption, Reservation, ReservationState
from etalage.publishing.models import DeliveryState, Publication
from tests.demo.conftest import Demo


def test_a_counter_hands_a_reservation_over_in_its_own_store(demo: Demo) -> None:
    life = TownLife(1)
    waiting = Reservation.objects.filter(state=ReservationState.OPEN).count()
    held = sum(Stock.objects.values_list("reserved", flat=True))
    order = life.serve_somebody()
    assert order
    reservation = Reservation.objects.get(order=order)
    assert reservation.closed_by and reservation.closed_by.role == Role.COUNTER
    assert reservation.closed_by.store_id == reservation.store_id
    assert Reservation.objects.filter(state=ReservationState.OPEN).count() == waiting - 1
    assert sum(Stock.objects.values_list("reserved", flat=True)) < held


def test_nobody_is_at_the_counter_before_they_could_have_come(demo: Demo, monkeypatch: Any) -> None:
    monkeypatch.setattr(town_life, "ON_THE_WAY", timedelta(days=60))
    assert TownLife(1).serve_somebody() is None


def test_a_till_rings_and_a_code_takes_off_what_it_says(demo: Demo) -> None:
    life, before = TownLife(1), Order.objects.count()
    orders = [life.ring_up() for _ in range(12)]
    assert Order.objects.count() == before + 12
    used = {use.receipt: use for use in Redemption.objects.filter(receipt__in=[one.number for one in orders])}
    assert used
    for order in orders:
        assert order.total_minor == sum(line.total_minor for line in order.lines.all())
        use = used.get(order.number)
        assert order.discount_minor == (use.discount_minor if use else 0)


def test_posts_of_the_supply_are_scheduled_until_it_is_used_up(demo: Demo) -> None:
    life = TownLife(1)
    post = life.post_something()
    assert post
    publications = Publication.objects.filter(post=post)
    assert publications and {row.state for row in publications} == {DeliveryState.SCHEDULED}
    assert post.due_at and timedelta(0) < post.due_at - clock.now() <= town_life.ANNOUNCED
    life.posts_left = 1
    assert life.post_something() and life.post_something() is None
    assert SUPPLY > 1
