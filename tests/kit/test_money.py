"""Money is exact, and its parts always make the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from etalage.kit.money import Money, exponent, is_currency, share_out, total

AMOUNTS = st.integers(-(10**12), 10**12)
EUROS = AMOUNTS.map(lambda minor: Money(minor, "EUR"))
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("TND", 3), ("USD", 2), ("KWD", 3)])
def test_each_currency_has_its_own_digits(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXQ", "€"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    assert not is_currency(currency)
    with pytest.raises(ValueError, match="not a currency"):
        exponent(currency)
    with pytest.raises(ValueError, match="not a currency"):
        Money(1, currency)


def test_money_shows_its_major_units_exactly() -> None:
    assert Money(-123_456, "EUR").decimal == Decimal("-1234.56")
    assert str(Money(1_500, "TND").decimal) == "1.500"
    assert str(Money(1_500, "JPY").decimal) == "1500"


@pytest.mark.parametrize("minor", [1.0, "1", True, Decimal(1), None])
def test_money_takes_whole_minor_units_only(minor: object) -> None:
    with pytest.raises(TypeError):
        Money(minor, "EUR")  # type: ignore[arg-type]


def test_two_currencies_neither_add_nor_compare() -> None:
    euro, dinar = Money(1, "EUR"), Money(1, "TND")
    for mix in (
        lambda: euro + dinar,
        lambda: euro - dinar,
        lambda: euro < dinar,
        lambda: euro <= dinar,
        lambda: euro > dinar,
        lambda: euro >= dinar,
    ):
        with pytest.raises(TypeError, match="does not mix"):
            mix()
    assert euro != dinar


def test_money_is_not_multiplied_by_a_fraction() -> None:
    with pytest.raises(TypeError):
        Money(100, "EUR") * 0.5  # type: ignore[operator]


def test_money_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="is_zero"):
        bool(Money(0, "EUR"))
    assert Money(0, "EUR").is_zero
    assert not Money(1, "EUR").is_zero


@settings(deadline=None)
@given(EUROS, EUROS, EUROS)
def test_sums_do_not_depend_on_order_or_grouping(one: Money, two: Money, three: Money) -> None:
    assert (one + two) + three == three + (two + one)
    assert one - two == -(two - one)
    assert one + two - two == one


@settings(deadline=None)
@given(st.lists(EUROS), st.randoms())
def test_a_total_is_the_same_in_any_order(amounts: list[Money], random: object) -> None:
    shuffled = sorted(amounts, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert total(amounts, "EUR") == total(shuffled, "EUR")
    assert total(amounts, "EUR").minor == sum(amount.minor for amount in amounts)


@settings(deadline=None)
@given(EUROS, st.integers(-1000, 1000))
def test_times_is_repeated_adding(amount: Money, times: int) -> None:
    assert amount * times == times * amount == Money(amount.minor * times, "EUR")


@settings(deadline=None)
@given(AMOUNTS, AMOUNTS)
def test_order_is_the_order_of_the_amounts(one: int, two: int) -> None:
    assert (Money(one, "EUR") < Money(two, "EUR")) == (one < two)
    assert (Money(one, "EUR") >= Money(two, "EUR")) == (one >= two)
    assert abs(Money(one, "EUR")).minor == abs(one)


@settings(deadline=None)
@given(AMOUNTS, WEIGHTS)
def test_the_parts_make_the_whole(whole: int, weights: list[int]) -> None:
    assert sum(share_out(whole, weights)) == whole


@settings(deadline=None)
@given(AMOUNTS, WEIGHTS)
def test_no_part_is_a_whole_unit_away_from_its_fair_share(whole: int, weights: list[int]) -> None:
    assume(any(weights))
    for part, weight in zip(share_out(whole, weights), weights, strict=True):
        assert abs(part * sum(weights) - whole * weight) < sum(weights)


@settings(deadline=None)
@given(AMOUNTS, WEIGHTS)
def test_a_refund_mirrors_its_sale(whole: int, weights: list[int]) -> None:
    assert share_out(-whole, weights) == [-part for part in share_out(whole, weights)]


@settings(deadline=None)
@given(AMOUNTS, WEIGHTS, st.integers(1, 1000))
def test_only_proportions_count(whole: int, weights: list[int], scale: int) -> None:
    assert share_out(whole, weights) == share_out(whole, [weight * scale for weight in weights])


@settings(deadline=None)
@given(AMOUNTS, WEIGHTS)
def test_a_weight_of_zero_gets_nothing(whole: int, weights: list[int]) -> None:
    assume(any(weights))
    parts = share_out(whole, weights)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@pytest.mark.parametrize(
    ("whole", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [1, 1, 2], [3, 2, 5]),  # 2.5, 2.5, 5: the tie goes to the earlier
        (1, [1, 2], [0, 1]),
        (7, [0, 0], [4, 3]),
        (0, [], []),
        (0, [3, 4], [0, 0]),
    ],
)
def test_shares_as_worked_out_by_hand(whole: int, weights: list[int], parts: list[int]) -> None:
    assert share_out(whole, weights) == parts


def test_sharing_with_nobody_or_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        share_out(1, [])
    with pytest.raises(ValueError, match="negative"):
        share_out(1, [2, -1])
