"""Rows of orders that cannot be taken, and why: each is kept as it came."""

from __future__ import annotations

import pytest

from etalage.orders.models import Order
from tests.orders.importing.conftest import HEADER, Load
from tests.orders.importing.test_files import sale


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({1: "31/31/2026"}, "date_invalid"),
        ({1: ""}, "date_invalid"),
        ({4: "many"}, "quantity_invalid"),
        ({5: "twelve"}, "amount_invalid"),
        ({5: "9" * 40}, "amount_invalid"),
        ({5: ""}, "amount_missing"),
        ({0: "x" * 81}, "number_too_long"),
        ({0: ""}, "number_missing"),
        ({7: "Atlantis"}, "store_unknown"),
        ({8: "EURO"}, "currency_unknown"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_with_its_reason(
    load: Load, change: dict[int, str], code: str
) -> None:
    good = [*map(str, sale("2")), "GNT", "EUR"]
    bad = [change.get(place, cell) for place, cell in enumerate([*map(str, sale("1")), "GNT", "EUR"])]
    outcome = load([bad, good], [*HEADER, "store", "currency"])
    assert outcome.codes == [code]
    assert outcome.refused[0][0] == 2 and outcome.refused[0][1] == bad
    assert outcome.refused[0][2].message
    assert list(Order.objects.values_list("number", flat=True)) == ["2"]


def test_an_order_is_taken_whole_or_not_at_all(load: Load) -> None:
    rows = [sale("1"), sale("1", "TEA", price="?"), sale("2")]
    outcome = load(rows)
    assert outcome.codes == ["sibling", "amount_invalid"] and outcome.counts.refused == 2
    assert list(Order.objects.values_list("number", flat=True)) == ["2"]
    load([sale("1"), sale("1", "TEA", price="2")])
    assert Order.objects.get(number="1").total_minor == 1450


def test_rows_that_contradict_each_other_are_no_order(load: Load) -> None:
    assert load([sale("1", customer="7"), sale("1", customer="8")]).codes == ["contradiction"] * 2
    apart = [sale("1"), ["1", "2026-03-09 10:00", "CUP", "", 1, "12.50", "7"]]
    assert load(apart).codes == ["days_apart"] * 2
    assert not Order.objects.exists()


def test_a_row_with_more_cells_than_the_header_is_refused_as_it_came(load: Load) -> None:
    outcome = load([[*sale("1"), "", "12"], [*sale("2"), "", ""]])
    assert outcome.codes == ["too_many_cells"]
    assert outcome.refused[0][1][-1] == "12"
    assert Order.objects.get().number == "2"


def test_a_column_that_is_no_order_number_does_not_fill_the_memory(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etalage.orders.importing.reader.LONGEST_ORDER", 3)
    outcome = load([*[sale("1", f"A{n}") for n in range(5)], sale("2")])
    assert outcome.codes == ["too_many_lines"] * 5
    assert Order.objects.get().number == "2"
