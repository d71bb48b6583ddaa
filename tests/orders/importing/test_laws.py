"""Laws of the import: money adds up, twice is once, and neither the order of rows nor of files matters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etalage.jobs.models import Event
from etalage.orders.models import Order, OrderLine, Refund, RefundLine
from tests.orders.importing.conftest import Load, Outcome, net_minor

HEADER = ["number", "date", "sku", "quantity", "unit price", "customer id", "status", "refund of"]
START = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - as a till writes it
laws = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Paper:
    """One order or credit note of a made file."""

    rows: tuple[tuple[str, ...], ...]
    cancelled: bool

    @property
    def worth(self) -> int:
        """What it adds to the sum of the file, in cents."""
        lines = (Decimal(row[3]) * Decimal(row[4]) for row in self.rows)
        total = sum(line.quantize(Decimal("0.01"), ROUND_HALF_EVEN) for line in lines)
        return 0 if self.cancelled else int(total * 100)


@st.composite
def papers(draw: st.DrawFn) -> list[Paper]:
    """Sales, exchanges, cancelled sales and credit notes of three customers and passers-by, on eight articles."""
    made: list[Paper] = []
    for place in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(["sale", "sale", "sale", "note", "exchange", "cancelled"]))
        number = f"{'C' if kind == 'note' else ''}{1000 + place}"
        moment = START + timedelta(minutes=draw(st.integers(0, 5000)))
        customer = draw(st.sampled_from(["", "11", "12", "13"]))
        named = f"{1000 + draw(st.integers(0, 13))}" if kind == "note" and draw(st.booleans()) else ""
        rows = []
        for _ in range(draw(st.integers(1, 4))):
            pieces = draw(st.integers(1, 6)) * (-1 if kind == "note" else 1)
            pieces *= draw(st.sampled_from([1, -1])) if kind == "exchange" else 1
            price = draw(st.sampled_from(["0.00", "1.25", "2.50", "10", "0.0125", "3.335"]))
            sku = f"A{draw(st.integers(1, 4))}"
            status = "cancelled" if kind == "cancelled" else "paid"
            rows.append((number, moment.isoformat(sep=" "), sku, str(pieces), price, customer, status, named))
        made.append(Paper(tuple(rows), kind == "cancelled"))
    return made


def rows_of(made: list[Paper]) -> list[tuple[str, ...]]:
    return [row for paper in made for row in paper.rows]


def state() -> Any:
    """Everything that an import leaves, without ids, moments of writing and the order of lines."""
    order_lines = Counter(
        OrderLine.objects.values_list("order__number", "sku", "quantity", "unit_minor", "total_minor")
    )
    orders = Counter(
        Order.objects.values_list(
            "number",
            "status",
            "place",
            "placed_at",
            "total_minor",
            "refunded_minor",
            "digest",
            "customer__identities__value",
        )
    )
    refunds = Counter(
        Refund.objects.values_list(
            "number",
            "order__number",
            "refunded_at",
            "amount_minor",
            "told_of",
            "digest",
            "customer__identities__value",
        )
    )
    refund_lines: Counter[Any] = Counter()
    for line_back in RefundLine.objects.select_related("refund__order", "line"):
        order, line = line_back.refund.order, line_back.line
        sold = (order and order.number, line and (line.sku, line.unit_minor, line.total_minor))
        refund_lines[line_back.refund.number, line_back.sku, sold, "pieces"] += line_back.quantity
        refund_lines[line_back.refund.number, line_back.sku, sold, "amount"] += line_back.amount_minor
    return orders, order_lines, refunds, refund_lines


def check_sums(made: list[Paper]) -> None:
    assert net_minor() == sum(paper.worth for paper in made)
    for order in Order.objects.prefetch_related("refunds"):
        assert order.refunded_minor == sum(refund.amount_minor for refund in order.refunds.all())
        assert 0 <= order.refunded_minor <= max(0, order.total_minor)
    for refund in Refund.objects.prefetch_related("lines"):
        assert refund.amount_minor == sum(line.amount_minor for line in refund.lines.all())


class Undone:
    """What happens inside leaves nothing: each example begins with an empty shop."""

    def __enter__(self) -> None:
        self._atomic = transaction.atomic()
        self._atomic.__enter__()

    def __exit__(self, *_error: object) -> None:
        transaction.set_rollback(True)
        self._atomic.__exit__(None, None, None)


@laws
@given(made=papers())
def test_twice_is_once_and_every_cent_is_kept(load: Load, made: list[Paper]) -> None:
    with Undone():
        first = load(rows_of(made), HEADER)
        assert not first.refused
        check_sums(made)
        once, told = state(), Event.objects.count()
        again = load(rows_of(made), HEADER)

        assert state() == once
        assert (again.changed, again.counts.unchanged) == (0, len(made))
        assert Event.objects.count() == told


@laws
@given(made=papers(), data=st.data())
def test_rows_in_any_order_and_files_in_any_order_give_the_same(
    load: Load, made: list[Paper], data: st.DataObject
) -> None:
    with Undone():
        load(rows_of(made), HEADER)
        at_once = state()
    with Undone():
        load(data.draw(st.permutations(rows_of(made))), HEADER)
        assert state() == at_once
    with Undone():
        shuffled = data.draw(st.permutations(made))
        cut = data.draw(st.integers(0, len(made)))
        for part in (shuffled[:cut], shuffled[cut:]):
            if part:
                load(rows_of(part), HEADER)
        assert state() == at_once


@laws
@given(before=papers(), after=papers())
def test_a_corrected_file_leaves_what_it_would_have_left_alone(
    load: Load, before: list[Paper], after: list[Paper]
) -> None:
    """The numbers of both files overlap: sales become other sales, notes or cancelled, and the other way round."""
    with Undone():
        load(rows_of(before), HEADER)
        load(rows_of(after), HEADER)
        numbers = {paper.rows[0][0] for paper in after}
        check_sums(after + [paper for paper in before if paper.rows[0][0] not in numbers])


@pytest.fixture(autouse=True)
def _shop(world: object, tmp_path: Path) -> None:
    """The laws hold in the small shop of all tests."""


def test_the_law_of_sums_can_fail(load: Load) -> None:
    made = [Paper((("1", "2026-03-02 10:00", "A", "1", "2.50", "", "paid", ""),), cancelled=False)]
    outcome: Outcome = load([(*made[0].rows[0][:4], "2.51", *made[0].rows[0][5:])], HEADER)
    assert outcome.counts.created == 1
    with pytest.raises(AssertionError):
        check_sums(made)


def test_equal_remainders_of_unequal_lines_are_told_apart_by_what_they_say(load: Load) -> None:
    """After the first note 3 pieces of both lines are left: which comes first in the file must not matter."""
    sale = [
        ("1001", "2026-03-02 10:05:00", "A3", "3", "1.25", "11", "paid", ""),
        ("1001", "2026-03-02 10:05:00", "A3", "5", "1.25", "11", "paid", ""),
    ]
    rest = [
        ("1009", "2026-03-02 13:34:00", "A3", "1", "0.00", "11", "paid", ""),
        ("1009", "2026-03-02 13:34:00", "A1", "1", "10", "11", "paid", ""),
        ("C1011", "2026-03-03 04:59:00", "A3", "-3", "0.0125", "11", "paid", ""),
        ("C1012", "2026-03-03 19:16:00", "A3", "-3", "0.00", "11", "paid", ""),
        ("C1012", "2026-03-03 19:16:00", "A1", "-4", "1.25", "11", "paid", ""),
    ]
    states = []
    for rows in (sale, sale[::-1]):
        with Undone():
            assert not load([*rows, *rest], HEADER).refused
            states.append(state())
    assert states[0] == states[1]
