"""Opening hours as a shop writes them, said again in the reader's language.

A shop writes one line, such as “Mon-Sat 10:00-18:30, Sun 13:00-17:00”, in whatever language of the interface. Where
all of it is days and times it is written anew; anything else (“by appointment”) stays as it was typed.
"""

from __future__ import annotations

import re
from datetime import time
from functools import lru_cache

from etalage.kit.formats import format_time, locale
from etalage.kit.text import LANGUAGES

_DASH = r"\s*[-\u2013]\s*"
_TIME = r"(\d{1,2})\s*(?:[:.hu]\s*(\d{2})?)"
_DAY = r"([^\W\d]+)\.?"
_SPAN = re.compile(rf"(?:{_DAY}(?:{_DASH}{_DAY})?\s*:?\s+)?{_TIME}{_DASH}{_TIME}")
_COMMA = {"ar": "\u060c "}


def opening_hours(text: str, language: str) -> str:
    """The hours in a language of the interface; as they are where some part is not days and times."""
    parts = [part.strip() for part in re.split(r"[,;\u060c\n]", text) if part.strip()]
    said = [_said(part, language, first=not place) for place, part in enumerate(parts)]
    if not all(said):
        return text
    return _COMMA.get(language, ", ").join(part for part in said if part)


def _said(part: str, language: str, *, first: bool) -> str | None:
    """One span of days with its hours; None where it is something else. Hours alone belong to the days before."""
    found = _SPAN.fullmatch(part)
    if not found or (first and not found[1]):
        return None
    days = [_weekdays().get(name.casefold()) for name in found.groups()[:2] if name]
    hours = [_clock(found[3], found[4]), _clock(found[5], found[6])]
    if None in days or None in hours:
        return None
    names = locale(language).days["stand-alone"]["abbreviated"]
    told = "\u2013".join(str(names[day]) for day in days if day is not None)
    spoken = "\u2013".join(format_time(hour, language) for hour in hours if hour)
    return f"{told} {spoken}".strip()


def _clock(hour: str, minute: str | None) -> time | None:
    """A time of day; midnight may be written 24:00."""
    try:
        return time(0 if hour == "24" else int(hour), int(minute or 0))
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _weekdays() -> dict[str, int]:
    """The names and short names of the days in every language of the interface: 0 is Monday."""
    return {
        name.casefold().rstrip("."): day
        for language in LANGUAGES
        for width in ("wide", "abbreviated")
        for day, name in locale(language).days["format"][width].items()
    }
