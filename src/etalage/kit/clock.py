"""Time: aware UTC inside, the store's zone at the edge. The one module that asks what time it is."""

from __future__ import annotations

import time as system_time
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def now_millis() -> int:
    """The present moment in milliseconds since 1970, for ids."""
    return system_time.time_ns() // 1_000_000


def elapsed() -> float:
    """Seconds on a clock that never jumps, for deadlines and durations."""
    return system_time.monotonic()


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone called `name` ("Europe/Brussels"); ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:  # OSError: a name that is a folder
        raise ValueError(f"There is no time zone called {name!r}.") from problem


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an aware moment, as the shop's people see it."""
    return _aware(moment).astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First moment of a local day and of the next, in UTC: 23, 24 or 25 hours apart."""
    return _first_moment(day, zone), _first_moment(day + timedelta(days=1), zone)


def to_micros(moment: datetime) -> int:
    """Whole microseconds since 1970 of an aware moment."""
    return (_aware(moment) - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC moment that many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def parse_local(text: str, zone: ZoneInfo) -> datetime:
    """Read "2026-11-21T18:30" as wall-clock time in `zone`; return UTC.

    A text with its own offset keeps it. The first of two equal hours in autumn is meant. ValueError for
    anything else, also for an hour that the change to summer time leaves out.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError as problem:
        raise ValueError(f"{text!r} is not a date and time like 2026-11-21 18:30.") from problem
    if read.tzinfo is not None:
        return read.astimezone(UTC)
    moment = read.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != read:
        raise ValueError(f"{text!r} does not exist in {zone.key}: the clock jumps over it.")
    return moment


def _first_moment(day: date, zone: ZoneInfo) -> datetime:
    # Where the clock jumps over midnight, fold=0 gives exactly the moment of the jump.
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return moment
