"""Numbers, money, dates and times as each language writes them (CLDR, through Babel).

English is British English, which puts the day before the month as the rest of Europe does. Arabic keeps Latin
digits, as CLDR's plain "ar" does: the shop's tills and price labels show them too. A page puts `<bdi>` around
the result.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers

from etalage.kit import clock
from etalage.kit.money import Money

Number = int | Decimal | float
DateStyle = Literal["short", "medium", "long", "full", "day_month", "month", "weekday"]
TimeStyle = Literal["short", "medium"]

_LOCALES = {"en": "en_GB", "fr": "fr", "nl": "nl", "ar": "ar"}
_SKELETONS = {"day_month": "MMMd", "month": "yMMMM", "weekday": "E"}


@lru_cache(maxsize=32)
def locale(language: str) -> Locale:
    """Babel's locale for a language of the interface ("fr", "fr-be"); English for any other."""
    return Locale.parse(_LOCALES.get(language.split("-", maxsplit=1)[0].lower(), "en_GB"))


def format_money(money: Money, language: str) -> str:
    """`€12.50`, `12,50 €`, `€ 12,50`."""
    return numbers.format_currency(money.decimal, money.currency, locale=locale(language))


def format_number(number: Number, language: str, *, digits: int | None = None) -> str:
    """A number with its groups; `digits` fixes the digits after the decimal mark."""
    if digits is None:
        return numbers.format_decimal(number, locale=locale(language))
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return numbers.format_decimal(number, format=pattern, locale=locale(language))


def format_percent(ratio: Number, language: str, *, digits: int = 0) -> str:
    """A ratio (0.125) as a percentage (`13%`, `13 %`), with `digits` after the decimal mark."""
    pattern = numbers.parse_pattern(locale(language).percent_formats[None])
    pattern.frac_prec = (digits, digits)
    return str(pattern.apply(ratio, locale(language)))


def format_date(day: date, language: str, style: DateStyle = "medium") -> str:
    """A calendar day; `day_month`, `month` (with its year) and `weekday` give a part of it."""
    if style in _SKELETONS:
        return dates.format_skeleton(_SKELETONS[style], day, locale=locale(language))
    return dates.format_date(day, format=style, locale=locale(language))


def format_time(moment: time | datetime, language: str, style: TimeStyle = "short") -> str:
    """A time of day, as it stands: a datetime has to be in the reader's zone already."""
    if isinstance(moment, datetime):
        moment = moment.timetz()
    return dates.format_time(moment.replace(tzinfo=None), format=style, locale=locale(language))


def format_datetime(
    moment: datetime, zone: ZoneInfo, language: str, style: Literal["short", "medium", "long"] = "medium"
) -> str:
    """An aware moment as people in `zone` read it; the time without seconds."""
    local = moment.astimezone(zone)
    joined = locale(language).datetime_formats[style]
    # CLDR joins with {1} for the date and {0} for the time, and quotes literal words.
    pattern = str(joined).replace("'", "")
    return pattern.format(format_time(local, language), format_date(local.date(), language, style))


def relative_time(moment: datetime, language: str, *, reference: datetime | None = None) -> str:
    """ "3 hours ago", "in 2 days", seen from `reference` (now)."""
    distance = moment - (reference or clock.now())
    return dates.format_timedelta(distance, add_direction=True, locale=locale(language))
