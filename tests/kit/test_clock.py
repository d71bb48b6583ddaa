"""Days have 23, 24 or 25 hours, and no moment is naive."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.kit import clock

BRUSSELS = ZoneInfo("Europe/Brussels")
ZONES = st.sampled_from(
    ["Europe/Brussels", "Africa/Tunis", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"]
)


def test_now_is_aware_utc_and_obeys_a_moved_clock() -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        assert clock.now() == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert clock.now().tzinfo is UTC
        assert clock.now_millis() == clock.to_micros(clock.now()) // 1000


@pytest.mark.parametrize("name", ["", "Europe", "Europe/Atlantis", "../etc/passwd", "/etc/passwd", "a\0b"])
def test_an_unknown_zone_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        clock.zone(name)


def test_a_known_zone_is_found() -> None:
    assert clock.zone("Europe/Brussels").key == "Europe/Brussels"


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 6, 1), 24), (date(2026, 10, 25), 25)]
)
def test_a_day_is_as_long_as_summer_time_makes_it(day: date, hours: int) -> None:
    start, end = clock.day_bounds(day, BRUSSELS)
    assert end - start == timedelta(hours=hours)


def test_a_day_whose_midnight_is_jumped_over_begins_at_the_jump() -> None:
    start, _ = clock.day_bounds(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo"))
    assert start == datetime(2018, 11, 4, 3, tzinfo=UTC)


@settings(deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)), ZONES)  # noqa: DTZ001
def test_every_moment_lies_within_its_local_day(naive: datetime, name: str) -> None:
    moment, place = naive.replace(tzinfo=UTC), clock.zone(name)
    start, end = clock.day_bounds(clock.local_day(moment, place), place)
    assert start <= moment < end


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2035, 1, 1)), ZONES)
def test_days_follow_each_other_without_a_gap(day: date, name: str) -> None:
    place = clock.zone(name)
    assert clock.day_bounds(day, place)[1] == clock.day_bounds(day + timedelta(days=1), place)[0]


@settings(deadline=None)
@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001
def test_microseconds_bring_a_moment_back(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    assert clock.from_micros(clock.to_micros(moment)) == moment


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        clock.to_micros(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        clock.local_day(datetime(2026, 1, 1), BRUSSELS)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-21T18:30", datetime(2026, 11, 21, 17, 30, tzinfo=UTC)),
        (" 2026-07-01 09:00 ", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # twice: the first is meant
        ("2026-07-01T09:00+00:00", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
    ],
)
def test_wall_clock_time_is_read_in_the_stores_zone(text: str, utc: datetime) -> None:
    assert clock.parse_local(text, BRUSSELS) == utc


@pytest.mark.parametrize("text", ["2026-03-29T02:30", "tomorrow", "", "2026-13-01T00:00"])
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not exist|not a date"):
        clock.parse_local(text, BRUSSELS)
