"""Amounts are read as people write them, exactly or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.kit.formats import format_money
from etalage.kit.money import Money, exponent, parse_amount
from etalage.kit.text import LANGUAGES


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1.234,56", 123456),
        ("1,234.56", 123456),
        ("1 234,56 €", 123456),
        ("1\u00a0234,56\u00a0€", 123456),
        ("1\u202f234\u202f567,8", 123456780),
        ("1'234.50", 123450),
        ("1’234.50", 123450),
        ("€ -12,50", -1250),
        ("-€12.50", -1250),
        ("EUR 3", 300),
        ("3 eur", 300),
        ("(12.00)", -1200),
        ("(€ 12,00)", -1200),
        ("12.00-", -1200),
        ("−5", -500),
        ("\u200f-1,234.56\u00a0€", -123456),
        ("+7", 700),
        ("1.234.567", 123456700),
        ("1,00,000.00", 10000000),
        ("0.500", 50),
        ("0,5", 50),
        (".5", 50),
        ("5.", 500),
        ("€ 5,-", 500),
        ("5,--", 500),
        ("5,–", 500),
        ("12.3400", 1234),
        ("1234.560", 123456),
        ("١٢٣٤٫٥٦", 123456),
        ("١٬٢٣٤٫٥٠ €", 123450),
        ("۱۲", 1200),
        ("0", 0),
        ("-0.00", 0),
        ("007", 700),
    ],
)
def test_an_amount_in_euro_is_read(text: str, minor: int) -> None:
    assert parse_amount(text, "EUR") == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1.234", "JPY", 1234),
        ("¥1,234", "JPY", 1234),
        ("12,5 DT", "TND", 12500),
        ("12.5 د.ت.", "TND", 12500),
        ("0.005", "TND", 5),
        ("$1,234.50", "USD", 123450),
        ("US$ 3", "USD", 300),
        ("$3", "CAD", 300),
        ("100 kr", "SEK", 10000),
    ],
)
def test_other_currencies_keep_their_digits_and_signs(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize("text", ["1.234", "12,500", "123.456", "-1.230 €"])
def test_a_form_with_two_readings_needs_a_hint(text: str) -> None:
    with pytest.raises(ValueError, match="two ways"):
        parse_amount(text, "EUR")


def test_the_hint_decides_between_two_readings() -> None:
    assert parse_amount("1.230", "EUR", ",") == 123000
    assert parse_amount("1.230", "EUR", ".") == 123
    assert parse_amount("1,234", "TND", ",") == 1234
    assert parse_amount("1,234", "TND", ".") == 1234000


def test_the_hint_changes_nothing_where_there_is_one_reading() -> None:
    for hint in (".", ",", None):
        assert parse_amount("1,234.56", "EUR", hint) == 123456
        assert parse_amount("12,5", "EUR", hint) == 1250


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "€", "-", "()", "abc", "12a", "1.2.3", "1,2,3", "1.23.456", "12 34", "1 2345", "1,234,56",
        "1.234,567,8", "--1", "(-1)", "-(1)", "1-2", "1.2E+03", "NaN", "inf", "0x10", "1_000", "$5", "5 USD", "½", "Ⅷ",
        "1..2", ".", ",", "1٫2٫3", "5,-1", "１２ 元",
    ],
)  # fmt: skip
def test_what_is_no_amount_in_euro_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|empty"):
        parse_amount(text, "EUR")


@pytest.mark.parametrize(("text", "currency"), [("12.345", "EUR"), ("0.001", "EUR"), ("1.5", "JPY")])
def test_more_decimals_than_the_currency_has_are_never_rounded(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="decimals"):
        parse_amount(text, currency, ".")


def test_an_endless_text_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="long"):
        parse_amount("9" * 100_000, "EUR")


def test_a_wrong_currency_or_hint_is_refused() -> None:
    with pytest.raises(ValueError, match="currency"):
        parse_amount("1", "EURO")
    with pytest.raises(ValueError, match="point or a comma"):
        parse_amount("1", "EUR", ";")


@settings(deadline=None)
@given(
    st.integers(-(10**13), 10**13),
    st.sampled_from(["EUR", "TND", "JPY", "USD", "GBP", "MAD"]),
    st.sampled_from(LANGUAGES),
)
def test_what_we_write_we_read_again(minor: int, currency: str, language: str) -> None:
    written = format_money(Money(minor, currency), language)
    decimal = {"en": ".", "fr": ",", "nl": ",", "ar": "."}[language]
    assert parse_amount(written, currency, decimal) == minor


@settings(deadline=None)
@given(st.integers(-(10**13), 10**13), st.sampled_from(["EUR", "TND", "JPY"]))
def test_a_plain_decimal_is_read_exactly(minor: int, currency: str) -> None:
    assert parse_amount(f"{Money(minor, currency).decimal:f}", currency, ".") == minor
    assert exponent(currency) in (0, 2, 3)


@settings(deadline=None)
@given(st.text(alphabet="0123456789.,-+()' €\u00a0\u066b\u066c١٢EUR", max_size=20))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        assert isinstance(parse_amount(text, "EUR"), int)
    except ValueError as problem:
        assert str(problem).endswith((".", "!"))
