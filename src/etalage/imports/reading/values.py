"""Cells as values: amounts, quantities, dates and yes-or-no, in the ways that four languages write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from etalage.kit.amounts import parse_amount

_DECIMAL_COMMA = re.compile(r",\d{1,2}(?:\s*\D*)?$|\d\.\d{3},\d")
_DECIMAL_POINT = re.compile(r"\.\d{1,2}(?:\s*\D*)?$|\d,\d{3}\.\d|^\d+\.\d+$")
_DATE = re.compile(
    r"^(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})"
    r"(?:[T ,]+(\d{1,2})[:h.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?)?$"
)
YES = frozenset({"1", "true", "yes", "y", "oui", "o", "ja", "j", "نعم", "x"})
NO = frozenset({"", "0", "false", "no", "n", "non", "nee", "لا"})


def decimal_mark(samples: Iterable[str]) -> str | None:
    """Which mark the amounts of a column use for decimals, told by those that can be read in one way only."""
    commas = points = 0
    for sample in samples:
        commas += bool(_DECIMAL_COMMA.search(sample))
        points += bool(_DECIMAL_POINT.search(sample))
    if commas == points:
        return None
    return "," if commas > points else "."


def amount_reader(currency: str, decimal: str | None) -> Callable[[str], int]:
    """A function from text to minor units of `currency`; it remembers the texts that it met, since prices repeat.

    The function raises ValueError for what is no amount.
    """

    @lru_cache(maxsize=50_000)
    def read(text: str) -> int:
        return parse_amount(text, currency, decimal)

    return read


@lru_cache(maxsize=10_000)
def whole_number(text: str) -> int:
    """A quantity: "3", "3.0", "-2", "٣", "1 000". Raises ValueError for parts of a piece and anything else."""
    plain = "".join(
        str(unicodedata.digit(character)) if character.isdigit() else character for character in text.strip()
    )
    plain = re.sub(r"[\s\u00a0\u202f']", "", plain).replace("−", "-")
    plain = re.sub(r"[.,]0+$", "", plain)
    if not re.fullmatch(r"[+-]?\d{1,12}", plain):
        raise ValueError("not a whole number")
    return int(plain)


def yes_or_no(text: str) -> bool:
    """True for yes in four languages. Raises ValueError for what is neither yes nor no."""
    word = text.strip().casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError("neither yes nor no")


def day_comes_first(samples: Iterable[str]) -> bool | None:
    """Whether a column writes 31/12 (True) or 12/31 (False); None when no date tells."""
    for sample in samples:
        if not (found := _DATE.match(_latin(sample))):
            continue
        first, second = int(found[1]), int(found[2])
        if len(found[1]) == 4 or first == second:
            continue
        if first > 12:
            return True
        if second > 12:
            return False
    return None


def moment_reader(zone: ZoneInfo, day_first: bool) -> Callable[[str], datetime]:
    """A function from text to an aware moment in UTC; times without a zone are in `zone`.

    It reads ISO 8601, 31/12/2026 14:05, 12/31/2026 2:05 PM (where `day_first` is false), with Arabic digits too, and
    raises ValueError for what is no date between 1990 and 2100.
    """

    @lru_cache(maxsize=50_000)
    def read(text: str) -> datetime:
        plain = _latin(text)
        moment = _iso(plain) or _by_parts(plain, day_first)
        if not 1990 <= moment.year <= 2100:
            raise ValueError("not a year of sales")
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

    return read


def _latin(text: str) -> str:
    if text.isascii():
        return text.strip()
    digits = (str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in text.strip())
    return re.sub("[\u200e\u200f\u061c]", "", "".join(digits))


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _by_parts(text: str, day_first: bool) -> datetime:
    found = _DATE.match(text)
    if not found:
        raise ValueError("not a date")
    first, second, third = int(found[1]), int(found[2]), int(found[3])
    if len(found[1]) == 4:
        year, month, day = first, second, third
    else:
        day, month = (first, second) if day_first else (second, first)
        year = third if third > 99 else 2000 + third
    hour, minute, second_of = int(found[4] or 0), int(found[5] or 0), int(found[6] or 0)
    if found[7]:
        if not 1 <= hour <= 12:
            raise ValueError("not a time")
        hour = hour % 12 + (12 if found[7].lower() == "pm" else 0)
    return datetime(year, month, day, hour, minute, second_of)  # noqa: DTZ001 - the caller gives it its zone
