"""Amounts of money as people and tills write them, read into whole minor units."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_currency_precision, get_currency_symbol

_LONGEST = 60
_MINUS = "-\u2212\u2013\u2014\ufe63\uff0d"
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"\s")
_SHARED_SIGNS = {
    "$": "USD CAD AUD NZD SGD HKD MXN ARS CLP COP TWD",
    "£": "GBP EGP LBP SYP",
    "kr": "SEK NOK DKK ISK",
    "DT": "TND",
    "DH": "MAD AED",
    "¥": "JPY CNY",
}
_WHOLE = re.compile(r"\d+")
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[ '.,])\d{3}(?:(?P=mark)\d{3})*")
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_ROUND_PRICE = re.compile(r"[.,][-]{1,2}$")  # "5,-" is five euro in Dutch


def parse_amount(text: str, currency: str, decimal: str | None = None) -> int:
    """Read "1.234,56", "1 234,56 €", "(12.00)", "-12", "١٢٫٥٠" into minor units of `currency`.

    `decimal` ("." or ",") says what a form that can be read in two ways means, such as "1.234"; without it
    such a form is refused. ValueError, with the reason, for anything that is not exactly an amount in
    `currency`.
    """
    if decimal not in (None, ".", ","):
        raise ValueError("The decimal mark is a point or a comma.")
    negative, whole, fraction = _figures(text, currency, decimal)
    digits = get_currency_precision(currency)
    if fraction[digits:].strip("0"):
        raise ValueError(f"{text.strip()!r} has more than {digits} decimals, which {currency} does not know.")
    minor = int(whole + fraction[:digits].ljust(digits, "0"))
    return -minor if negative else minor


def parse_exact(text: str, currency: str, decimal: str | None = None) -> Fraction:
    """Read a price in major units with as many decimals as it has: "0.0125" for one screw of a box.

    Written as for `parse_amount`, and refused by ValueError as there, but for the number of decimals.
    """
    if decimal not in (None, ".", ","):
        raise ValueError("The decimal mark is a point or a comma.")
    negative, whole, fraction = _figures(text, currency, decimal)
    amount = Fraction(int(whole + fraction), 10 ** len(fraction))
    return -amount if negative else amount


def _figures(text: str, currency: str, decimal: str | None) -> tuple[bool, str, str]:
    """Whether the amount is negative, its whole and its fractional digits."""
    negative, figures = _without_sign(_without_currency(_plain(text), currency), text)
    whole, fraction = _split(figures, currency, decimal, text)
    return negative, whole, fraction


def _plain(text: str) -> str:
    """The text with ASCII digits, one kind of minus, space and apostrophe, and nothing invisible."""
    if len(text) > _LONGEST:
        raise ValueError("An amount is not that long.")
    text = _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()
    if not text:
        raise ValueError("The amount is empty.")
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character in _MINUS:
        return "-"
    if character in "’ʼ´`＇":
        return "'"
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _without_currency(text: str, currency: str) -> str:
    """Drop the currency's own code or sign; whatever else stands there is found later."""
    folded = text.casefold()
    for name in _names(currency):
        place = folded.find(name)
        if place >= 0 and len(folded) == len(text):
            return (text[:place] + " " + text[place + len(name) :]).strip()
    return text


@lru_cache(maxsize=64)
def _names(currency: str) -> tuple[str, ...]:
    """The ways to write a currency, folded, longest first ("US$" before "$")."""
    if currency not in get_global("all_currencies"):
        raise ValueError(f"{currency!r} is not a currency code like EUR.")
    names = {currency} | {get_currency_symbol(currency, locale=code) for code in ("en", "fr", "nl", "ar")}
    names |= {sign for sign, owners in _SHARED_SIGNS.items() if currency in owners.split()}
    folded = {_INVISIBLE.sub("", name).casefold().replace("\xa0", " ").strip() for name in names}
    return tuple(sorted(folded, key=lambda name: (-len(name), name)))


def _without_sign(text: str, original: str) -> tuple[bool, str]:
    """Whether the amount is negative ("-12", "12-", "(12)"), and its figures."""
    text = _ROUND_PRICE.sub("", text)
    if text.startswith("(") and text.endswith(")"):
        return True, text[1:-1].strip()
    if text.startswith(("-", "+")):
        return text[0] == "-", text[1:].strip()
    if text.endswith("-"):
        return True, text[:-1].strip()
    return False, text


def _split(figures: str, currency: str, decimal: str | None, original: str) -> tuple[str, str]:
    """Whole and fractional digits."""
    grouped_by_arabic = "٬" in figures
    figures = figures.replace("٬", "'")
    if "٫" in figures:
        whole, _, fraction = figures.partition("٫")
        return _groups(whole, original), _digits(fraction, original)
    mark = _decimal_mark(figures, currency, decimal, original, grouped_by_arabic)
    if mark is None:
        return _groups(figures, original), ""
    whole, _, fraction = figures.rpartition(mark)
    if not whole and not fraction:
        raise _not_an_amount(original)
    return (_groups(whole, original) if whole else "0"), (_digits(fraction, original) if fraction else "")


def _decimal_mark(
    figures: str, currency: str, decimal: str | None, original: str, grouped: bool
) -> str | None:
    """Which of "." and "," is the decimal mark in `figures`; None when there is none."""
    points, commas = figures.count("."), figures.count(",")
    if points and commas:
        mark = max(".,", key=figures.rfind)
        if figures.count(mark) > 1:
            raise _not_an_amount(original)
        return mark
    if points + commas != 1:
        return None  # none at all, or many of one kind: groups
    mark = "." if points else ","
    whole, _, fraction = figures.partition(mark)
    two_readings = len(fraction) == 3 and 1 <= len(whole) <= 3 and whole.isdigit() and whole.strip("0") != ""
    if not two_readings or whole.startswith("0"):
        return mark
    if get_currency_precision(currency) == 0:
        return None
    if decimal is None:
        raise ValueError(f"{original.strip()!r} can be read in two ways; say which mark is the decimal mark.")
    return mark if mark == decimal else None


def _groups(text: str, original: str) -> str:
    if _WHOLE.fullmatch(text):
        return text
    if _GROUPED.fullmatch(text) or _INDIAN.fullmatch(text):
        return re.sub(r"\D", "", text)
    raise _not_an_amount(original)


def _digits(text: str, original: str) -> str:
    if _WHOLE.fullmatch(text):
        return text
    raise _not_an_amount(original)


def _not_an_amount(original: str) -> ValueError:
    return ValueError(f"{original.strip()!r} is not an amount.")
