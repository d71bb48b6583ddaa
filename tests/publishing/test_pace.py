"""The times of delivery as an installation is told them from outside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from etalage.environment import Environment, WrongSetting
from etalage.publishing.delivery.pace import pace, read_pace


def test_lengths_of_time_are_given_in_seconds_and_numbers_as_they_are(settings: Settings) -> None:
    settings.DELIVERY_PACE = read_pace('{"lease": 1.5, "hands": 4, "key_share": 0.5}')
    assert (pace().lease, pace().hands, pace().key_share) == (timedelta(seconds=1.5), 4, 0.5)
    assert pace().request == timedelta(seconds=120)  # what is not named stays as it is


def test_nothing_said_changes_nothing() -> None:
    assert read_pace("") == {}


@pytest.mark.parametrize(
    "wrong", ["[]", "{", '{"leese": 1}', '{"lease": "1"}', '{"lease": -1}', '{"hands": true}', '{"wait": 1}']
)
def test_what_is_no_pace_is_refused_with_the_name_of_the_setting(wrong: str, tmp_path: object) -> None:
    environment = Environment({"ETALAGE_DELIVERY_PACE": wrong}, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(WrongSetting, match="ETALAGE_DELIVERY_PACE"):
        environment.read("ETALAGE_DELIVERY_PACE", read_pace)
