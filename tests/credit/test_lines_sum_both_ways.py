"""Laws of `lines`: a matrix of touches and order lines that sums to the cent along both margins."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.credit.lines import split_by_lines
from etalage.credit.models import MODELS, refund_split, shares, split

weights = st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any)
prices = st.lists(st.integers(0, 5_000), min_size=1, max_size=8)
signed_prices = st.lists(st.integers(-3_000, 5_000), min_size=1, max_size=8)


def margins(matrix: list[list[int]]) -> tuple[list[int], list[int]]:
    return [sum(row) for row in matrix], [sum(column) for column in zip(*matrix, strict=True)]


@settings(deadline=None)
@given(weights=weights, lines=signed_prices)
def test_rows_sum_to_the_credit_and_columns_to_the_lines(weights, lines):
    credit = split(sum(lines), weights)
    assert margins(split_by_lines(credit, lines)) == (credit, lines)


@settings(deadline=None)
@given(weights=weights, lines=signed_prices)
def test_every_cell_is_its_exact_amount_rounded_down_or_up(weights, lines):
    value = sum(lines)
    if not value:
        return
    credit = split(value, weights)
    for c, row in zip(credit, split_by_lines(credit, lines), strict=True):
        for line, cell in zip(lines, row, strict=True):
            assert abs(cell - Fraction(c * line, value)) < 1


@settings(deadline=None)
@given(weights=weights, lines=prices)
def test_lines_that_cost_something_never_give_a_touch_less_than_nothing(weights, lines):
    assert all(cell >= 0 for row in split_by_lines(split(sum(lines), weights), lines) for cell in row)


@settings(deadline=None)
@given(weights=weights, lines=prices, data=st.data())
def test_a_refund_of_some_lines_sums_both_ways_too(weights, lines, data):
    credit = split(sum(lines), weights)
    returned = [-data.draw(st.integers(0, line)) for line in lines]
    refund = refund_split(credit, -sum(returned))
    assert margins(split_by_lines(refund, returned)) == (refund, returned)


def test_a_touch_or_line_worth_nothing_gets_nothing():
    assert split_by_lines([10, 0, 5], [0, 15]) == [[0, 10], [0, 0], [0, 5]]


def test_a_known_case_where_rounding_cell_by_cell_misses_the_sums():
    # Exact cells are 2/3 each: rounded one by one they make 9.
    matrix = split_by_lines([2, 2, 2], [2, 2, 2])
    assert margins(matrix) == ([2, 2, 2], [2, 2, 2])
    assert {cell for row in matrix for cell in row} == {0, 1}


def test_an_exchange_of_equal_value_leaves_each_touch_at_nothing():
    matrix = split_by_lines([0, 0], [999, -999])
    assert margins(matrix) == ([0, 0], [999, -999])


def test_an_order_of_many_lines_with_a_robots_many_touches_is_spread_in_reasonable_time():
    lines = list(range(1, 61))
    ages = list(range(600, 0, -1))
    for model in MODELS:
        credit = split(sum(lines), shares(model, ages))
        assert margins(split_by_lines(credit, lines)) == (credit, lines)


def test_sums_that_differ_are_refused():
    with pytest.raises(ValueError, match="must sum"):
        split_by_lines([10], [9])
    with pytest.raises(ValueError, match="nobody"):
        split_by_lines([], [5, -5])
    with pytest.raises(ValueError, match="cancel out"):
        split_by_lines([5, -5], [3, -3])
    assert split_by_lines([], []) == []
