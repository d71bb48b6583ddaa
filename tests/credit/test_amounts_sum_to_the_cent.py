"""Laws of `models`: what is credited and taken back sums to the cent, whatever happens in whatever order."""

import math
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.credit.models import MODELS, refund_split, shares, split, taken_back
from etalage.credit.rules import Rules

DAY_US = 86_400_000_000

ages = st.lists(st.integers(0, 30 * DAY_US - 1), min_size=1, max_size=40).map(
    lambda a: sorted(a, reverse=True)
)
values = st.integers(-(10**9), 10**9)
models = st.sampled_from(MODELS)


@st.composite
def refunded_orders(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """The credit of an order and refunds of it, none larger than what is left."""
    credit = split(draw(values), shares(draw(models), draw(ages)))
    left, refunds = abs(sum(credit)), []
    for _ in range(draw(st.integers(0, 6))):
        refunds.append(draw(st.integers(0, left)))
        left -= refunds[-1]
    sign = -1 if sum(credit) < 0 else 1
    return credit, [sign * refund for refund in refunds]


def after(credit: list[int], refunds: list[int]) -> list[int]:
    """What is left of each credit when refunds are booked one by one."""
    gone = [0] * len(credit)
    for refund in refunds:
        row = refund_split(credit, refund, gone)
        gone = [before + now for before, now in zip(gone, row, strict=True)]
    return [c + g for c, g in zip(credit, gone, strict=True)]


@settings(deadline=None)
@given(value=values, model=models, ages=ages)
def test_every_model_shares_out_the_whole_value_within_a_cent_of_the_exact_share(value, model, ages):
    weights = shares(model, ages)
    amounts = split(value, weights)
    assert sum(amounts) == value
    for amount, weight in zip(amounts, weights, strict=True):
        assert abs(amount - Fraction(value * weight, sum(weights))) < 1


@settings(deadline=None)
@given(value=values, model=models, ages=ages)
def test_the_credit_of_a_negative_order_mirrors_that_of_its_opposite(value, model, ages):
    weights = shares(model, ages)
    assert split(-value, weights) == [-amount for amount in split(value, weights)]


@settings(deadline=None)
@given(order=refunded_orders())
def test_credit_and_refunds_sum_to_the_net_value_after_every_refund(order):
    credit, refunds = order
    for booked in range(len(refunds) + 1):
        assert sum(after(credit, refunds[:booked])) == sum(credit) - sum(refunds[:booked])


@settings(deadline=None)
@given(order=refunded_orders(), data=st.data())
def test_any_order_of_the_same_refunds_leaves_the_same_rows(order, data):
    credit, refunds = order
    assert after(credit, data.draw(st.permutations(refunds))) == after(credit, refunds)


@settings(deadline=None)
@given(order=refunded_orders())
def test_many_small_refunds_leave_what_one_large_refund_leaves(order):
    credit, refunds = order
    assert after(credit, refunds) == after(credit, [sum(refunds)])


@settings(deadline=None)
@given(order=refunded_orders())
def test_a_full_refund_leaves_exactly_nothing_in_every_row(order):
    credit, refunds = order
    rest = sum(credit) - sum(refunds)
    assert after(credit, [*refunds, rest]) == [0] * len(credit)


@settings(deadline=None)
@given(order=refunded_orders())
def test_no_row_passes_zero_and_no_refund_adds_to_a_row(order):
    credit, refunds = order
    before = credit
    for booked in range(1, len(refunds) + 1):
        now = after(credit, refunds[:booked])
        assert all(0 <= abs(n) <= abs(b) and n * b >= 0 for n, b in zip(now, before, strict=True))
        before = now


@settings(deadline=None)
@given(order=refunded_orders())
def test_what_is_left_stays_close_to_the_exact_share(order):
    credit, refunds = order
    value = sum(credit)
    if not value:
        return
    bound = Fraction(math.ceil(math.log2(len(credit))), 2)
    for left, original in zip(after(credit, refunds), credit, strict=True):
        assert abs(left - Fraction(original * (value - sum(refunds)), value)) <= bound


@settings(deadline=None)
@given(order=refunded_orders())
def test_a_refund_that_is_undone_leaves_no_trace(order):
    credit, refunds = order
    undone = [step for refund in refunds for step in (refund, -refund)]
    assert after(credit, undone) == credit


def test_more_than_the_credit_cannot_be_taken_back():
    with pytest.raises(ValueError, match="no more"):
        refund_split([60, 40], 101)
    with pytest.raises(ValueError, match="no more"):
        refund_split([60, 40], 2, [-59, -40])
    with pytest.raises(ValueError, match="no more"):
        taken_back([60, 40], -1)


def test_credits_of_both_signs_are_no_order():
    with pytest.raises(ValueError, match="one sign"):
        taken_back([60, -40], 10)


def test_a_value_without_touches_cannot_be_shared_out():
    assert shares("linear", []) == []
    with pytest.raises(ValueError):
        split(100, [])


def test_the_weights_are_those_of_the_published_definitions():
    # Position 40/20/40 and a half-life of one week: Google Ads API, AttributionModelEnum.
    week = 7 * DAY_US
    assert shares("first", [3, 2, 1]) == [1, 0, 0]
    assert shares("last", [3, 2, 1]) == [0, 0, 1]
    assert split(300, shares("linear", [3, 2, 1])) == [100, 100, 100]
    assert split(1000, shares("position", [4, 3, 2, 1])) == [400, 100, 100, 400]
    assert split(101, shares("position", [2, 1])) == [51, 50]
    assert split(7, shares("position", [1])) == [7]
    assert split(700, shares("decay", [2 * week, week, 0])) == [100, 200, 400]


def test_decay_follows_the_half_life_that_is_set():
    weights = shares("decay", [DAY_US, 0], Rules(half_life=timedelta(days=1)))
    assert weights[1] == 2 * weights[0]


@pytest.mark.parametrize(
    "wrong", [{"lookback": timedelta(0)}, {"half_life": timedelta(0)}, {"half_life": timedelta(hours=1)}]
)
def test_rules_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError):
        Rules(**wrong)
