"""Sales and refunds that move: to another day, to another customer, into a sale and out of it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from etalage.insights.actions.days import rebuild_stale_days
from etalage.insights.models import Credit, DaySales, Touch
from etalage.jobs.idle import run_until_idle
from etalage.kit.ids import uuid7
from etalage.orders.actions.record import OrderData, RefundData, cancel_order, record_order, record_refund
from etalage.orders.models import Order, Redemption
from etalage.publishing.models import PromotionCode
from tests.conftest import World
from tests.insights.shop import at, credited, customer, link, publication, visit
from tests.orders.importing.conftest import HEADER, read_file

pytestmark = pytest.mark.django_db


def load(folder: Path, *rows: Sequence[object], header: Sequence[str] = HEADER) -> None:
    """Import these rows of a till, and let all that follows from them happen."""
    path = folder / f"{uuid7()}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    read_file(path)
    settled()


def settled() -> None:
    """All that was announced is done."""
    run_until_idle()
    rebuild_stale_days()


def row(number: str, day: int, quantity: int = 1, who: str = "") -> list[object]:
    """A cup for 10.00 on that day of October."""
    return [number, f"2026-10-{day:02} 10:00", "CUP", "A cup", quantity, "10.00", who]


def days() -> dict[int, tuple[int, int, int]]:
    """Orders, net value and loose refunds by day of October."""
    return {sums.day.day: (sums.orders, sums.net, sums.loose_refunds) for sums in DaySales.objects.all()}


def a_sale(**fields: object) -> OrderData:
    told = {"source": "shop", "number": "1", "placed_at": at(1), "currency": "EUR", "total_minor": 1000}
    return OrderData(**{**told, **fields})  # type: ignore[arg-type]


def test_a_credit_note_of_no_known_sale_lowers_the_sums_of_its_day(world: World, tmp_path: Path) -> None:
    load(tmp_path, row("1", 5))
    load(tmp_path, row("C2", 7, -1))
    assert days() == {5: (1, 1000, 0), 7: (0, 0, 1000)}


def test_a_credit_note_that_finds_its_sale_leaves_its_own_day(world: World, tmp_path: Path) -> None:
    load(tmp_path, row("C2", 7, -1, who="9"))
    assert days() == {7: (0, 0, 1000)}
    load(tmp_path, row("1", 5, who="9"))
    assert days() == {5: (1, 0, 0)}


def test_a_credit_note_that_was_none_is_taken_off_again(world: World, tmp_path: Path) -> None:
    load(tmp_path, row("2", 7, -1))
    load(tmp_path, row("2", 8))
    assert days() == {8: (1, 1000, 0)}


def test_a_credit_note_of_another_day_leaves_the_first(world: World, tmp_path: Path) -> None:
    load(tmp_path, row("C2", 7, -1))
    load(tmp_path, row("C2", 9, -1))
    assert days() == {9: (0, 0, 1000)}


def test_a_sale_that_a_file_moves_to_another_day_leaves_the_first(world: World, tmp_path: Path) -> None:
    load(tmp_path, row("1", 5), row("2", 5))
    load(tmp_path, row("1", 6))
    assert days() == {5: (1, 1000, 0), 6: (1, 1000, 0)}


def test_a_sale_and_a_refund_told_again_leave_their_first_days(world: World) -> None:
    back = RefundData("shop", "C1", at(3), "EUR", 400)
    record_order(a_sale())
    record_refund(back)
    settled()
    record_order(a_sale(placed_at=at(2)))
    record_refund(replace(back, refunded_at=at(4)))
    settled()
    assert days() == {3: (1, 1000, 0), 5: (0, 0, 400)}


def test_a_sale_that_was_another_customer_s_gives_the_first_one_s_visits_back(world: World) -> None:
    lena, omar = customer("Lena"), customer("Omar")
    touch = visit(lena, 0, link(publication()))
    record_order(a_sale(customer_id=lena.pk))
    later = record_order(a_sale(number="2", placed_at=at(2), customer_id=lena.pk))
    settled()
    assert not credited(later)["last"]
    record_order(a_sale(customer_id=omar.pk))
    settled()
    assert credited(later)["last"] == {touch.pk: 1000}
    assert Credit.objects.exclude(order=later).count() == 0


def test_a_code_that_a_corrected_file_names_no_more_leads_to_nothing(world: World, tmp_path: Path) -> None:
    PromotionCode.objects.create(code="AUTUMN", percent=10)
    header = [*HEADER, "discount code"]
    load(tmp_path, [*row("1", 5), "AUTUMN"], header=header)
    assert credited(Order.objects.get())["last"]
    load(tmp_path, [*row("1", 5), ""], header=header)
    assert (Redemption.objects.count(), Touch.objects.count(), Credit.objects.count()) == (0, 0, 0)
    assert DaySales.objects.get().attributed == 0


def test_a_visit_that_led_to_a_cancelled_reservation_leads_to_the_next_sale(world: World) -> None:
    lena, through = customer(), link(publication())
    touch = visit(lena, 0.9, through)
    reserved = record_order(a_sale(customer_id=lena.pk, link_id=through.pk))
    later = record_order(a_sale(number="2", placed_at=at(2), customer_id=lena.pk))
    settled()
    assert not credited(later)["last"]
    cancel_order(reserved.pk)
    settled()
    assert credited(later)["last"] == {touch.pk: 1000}
