"""The benchmarks' own scales."""

from __future__ import annotations

import sqlite3

import pytest

from benchmarks import __main__ as report
from benchmarks.credit import _credit
from benchmarks.credit_data import made, stored
from benchmarks.measure import Figure, Foreign, Timing, by_turns, peak_mib, ratio
from etalage.credit.journeys import Sale, Touch, steps_of


def hold(mib: int) -> None:
    """Hold so much memory for a moment."""
    bytearray(b"x") * (mib << 20)


def fail() -> None:
    raise SystemExit(3)


def test_a_ratio_is_the_median_of_pairs_so_that_one_disturbed_round_does_not_count():
    ours, theirs = [Timing(2, 2), Timing(90, 90), Timing(4, 6)], [Timing(1, 1), Timing(1, 1), Timing(2, 2)]
    assert ratio(ours, theirs) == 3
    assert ratio(ours, theirs, by="wall") == 2


def test_works_run_by_turns_after_a_warm_up():
    ran: list[str] = []
    timings = by_turns({"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, rounds=2)
    assert ran == ["a", "b", "a", "b", "b", "a"]
    assert [len(timing) for timing in timings.values()] == [2, 2]


@pytest.mark.parametrize(
    ("ratio", "aim", "at_least", "met"),
    [
        (4, 4, False, True),
        (4.1, 4, False, False),
        (9, None, False, True),
        (0.1, 0.1, True, True),
        (0.09, 0.1, True, False),
    ],
)
def test_an_aim_is_met_from_the_right_side(ratio, aim, at_least, met):
    assert Figure("x", "", ratio, aim, at_least).met is met
    assert ("NOT MET" in report.shown(Figure("x", "", ratio, aim, at_least))) is not met


def test_the_peak_of_a_process_is_its_own():
    assert peak_mib(hold, 200) - peak_mib(hold, 1) == pytest.approx(199, abs=40)


def test_a_measured_process_that_fails_gives_no_figure():
    with pytest.raises(RuntimeError):
        peak_mib(fail)


def test_the_share_of_others_is_a_share():
    with Foreign() as foreign:
        sum(range(1_000_000))
    assert foreign.share is None or 0 <= foreign.share <= 1.05


def test_an_unknown_benchmark_is_refused_with_the_names_that_there_are(capsys):
    assert report.main(["nothing"]) == 2
    assert "credit" in capsys.readouterr().err
    assert "measure" not in report.names() and "credit_data" not in report.names()


def test_the_made_shop_is_the_same_each_time_and_its_credit_is_what_the_slow_definition_says(tmp_path):
    shop = made(20_000)
    assert shop == made(20_000)
    connection: sqlite3.Connection = stored(shop, str(tmp_path / "shop.sqlite3"))
    rows = sorted(_credit(connection), key=lambda row: (row[0], row[3]))
    connection.close()
    touches = [Touch(touch, customer, moment, order) for touch, customer, order, moment, *_ in shop.touches]
    sales = [Sale(order, customer, moment, value) for order, customer, moment, value, _ in shop.orders]
    expected = steps_of(touches, sales)
    assert len(expected) > 100
    assert [row[:6] for row in rows] == [
        (s.order_id, s.touch_id, s.value_minor, s.rank, s.n, s.age_us) for s in expected
    ]
