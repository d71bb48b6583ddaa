"""Each language writes numbers, money and dates in its own way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from etalage.kit import formats
from etalage.kit.money import Money
from etalage.kit.text import LANGUAGES

MOMENT = datetime(2026, 11, 21, 19, 5, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")


def plain(text: str) -> str:
    """Without the invisible direction marks, and with simple spaces."""
    return text.replace("\u200f", "").replace("\u200e", "").replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "€1,234.50"), ("fr", "1 234,50 €"), ("nl", "€ 1.234,50"), ("ar", "1,234.50 €")],
)
def test_money_is_written_as_the_language_does(language: str, written: str) -> None:
    assert plain(formats.format_money(Money(123450, "EUR"), language)) == written


def test_money_keeps_the_digits_of_its_currency() -> None:
    assert plain(formats.format_money(Money(1500, "TND"), "fr")) == "1,500 TND"
    assert plain(formats.format_money(Money(1500, "JPY"), "en")) == "JP¥1,500"


@pytest.mark.parametrize(
    ("language", "written"), [("en", "12.5%"), ("fr", "12,5 %"), ("nl", "12,5%"), ("ar", "12.5%")]
)
def test_a_percentage_is_written_as_the_language_does(language: str, written: str) -> None:
    assert plain(formats.format_percent(Decimal("0.125"), language, digits=1)) == written


def test_the_digits_of_one_percentage_do_not_leak_into_the_next() -> None:
    assert formats.format_percent(0.5, "en", digits=2) == "50.00%"
    assert formats.format_percent(0.5, "en") == "50%"


def test_numbers_are_grouped() -> None:
    assert formats.format_number(1234567, "en") == "1,234,567"
    assert plain(formats.format_number(1234567, "fr")) == "1 234 567"
    assert formats.format_number(1234.5, "nl", digits=2) == "1.234,50"
    assert formats.format_number(1234.5, "en", digits=0) == "1,234"


@pytest.mark.parametrize(
    ("language", "style", "written"),
    [
        ("en", "medium", "21 Nov 2026"),
        ("fr", "medium", "21 nov. 2026"),
        ("nl", "long", "21 november 2026"),
        ("ar", "long", "21 نوفمبر 2026"),
        ("en", "day_month", "21 Nov"),
        ("fr", "month", "novembre 2026"),
        ("nl", "weekday", "za"),
    ],
)
def test_a_date_is_written_as_the_language_does(
    language: str, style: formats.DateStyle, written: str
) -> None:
    assert plain(formats.format_date(date(2026, 11, 21), language, style)) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "21 Nov 2026, 20:05"),
        ("fr", "21 nov. 2026, 20:05"),
        ("nl", "21 nov 2026, 20:05"),
        ("ar", "21/11/2026، 8:05 م"),
    ],
)
def test_a_moment_is_shown_in_the_zone_of_its_reader(language: str, written: str) -> None:
    assert plain(formats.format_datetime(MOMENT, BRUSSELS, language)) == written


def test_a_time_is_shown_as_it_stands() -> None:
    assert formats.format_time(MOMENT, "en") == "19:05"
    assert formats.format_time(MOMENT.time(), "nl") == "19:05"


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "3 hours ago"), ("fr", "il y a 3 heures"), ("nl", "3 uur geleden"), ("ar", "قبل 3 ساعات")],
)
def test_a_past_moment_is_told_by_its_distance(language: str, written: str) -> None:
    assert formats.relative_time(MOMENT - timedelta(hours=3), language, reference=MOMENT) == written


def test_a_coming_moment_lies_ahead() -> None:
    assert formats.relative_time(MOMENT + timedelta(days=2), "en", reference=MOMENT) == "in 2 days"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_leaves_latin_digits(language: str) -> None:
    written = formats.format_money(Money(1234567890, "EUR"), language)
    assert sorted(filter(str.isdigit, written)) == sorted("1234567890")


def test_a_regional_language_falls_back_on_its_own_and_an_unknown_one_on_english() -> None:
    assert formats.format_number(1.5, "fr-be") == "1,5"
    assert formats.format_number(1.5, "tlh") == "1.5"
