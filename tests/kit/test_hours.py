"""Opening hours in the reader's language."""

from __future__ import annotations

import pytest

from etalage.kit.hours import opening_hours


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Mon–Sat 10:00–18:30, Sun 13:00–17:00"),
        ("fr", "lun.–sam. 10:00–18:30, dim. 13:00–17:00"),
        ("nl", "ma–za 10:00–18:30, zo 13:00–17:00"),
    ],
)
@pytest.mark.parametrize(
    "typed",
    [
        "Mon-Sat 10:00-18:30, Sun 13:00-17:00",
        "Monday – Saturday: 10.00 – 18.30; Sunday: 13.00 - 17.00",
        "lun.-sam. 10h-18h30\ndim. 13h - 17h",
        "ma-za 10u-18u30, zo 13u-17u",
        "الاثنين-السبت 10:00-18:30، الأحد 13:00-17:00",
    ],
)
def test_days_and_times_are_said_in_the_readers_language(typed: str, language: str, said: str) -> None:
    assert opening_hours(typed, language) == said


def test_arabic_has_its_own_names_and_comma() -> None:
    said = opening_hours("Mon-Sat 10:00-18:30, Sun 13:00-17:00", "ar")
    assert said.startswith("الاثنين–السبت ")
    assert "، الأحد " in said


def test_hours_of_the_same_day_may_be_several() -> None:
    assert opening_hours("Mon 9:00-12:00, 13:00-18:00", "nl") == "ma 09:00–12:00, 13:00–18:00"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "By appointment",
        "10:00-18:00",
        "Mon-Sat 10:00-18:30, by appointment",
        "Mon-Xyz 10:00-12:00",
        "Mon 10:00-25:00",
    ],
)
def test_what_is_something_else_stays_as_it_was_typed(typed: str) -> None:
    assert opening_hours(typed, "fr") == typed
