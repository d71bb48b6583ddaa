"""Abilities are data: they survive being stored, and an older or newer program reads what it knows."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.networks.abilities import Abilities, Aim, Mechanism, TextUnit

durations = st.integers(0, 10**7).map(lambda seconds: timedelta(seconds=seconds))
abilities = st.builds(
    Abilities,
    text_limit=st.integers(1, 70_000),
    mechanism=st.sampled_from(Mechanism),
    settle=durations,
    text_unit=st.sampled_from(TextUnit),
    text_bytes_limit=st.none() | st.integers(1, 10**6),
    link_length=st.none() | st.integers(1, 50),
    key_valid_for=st.none() | durations,
    parts_valid_for=st.none() | durations,
    picture_formats=st.lists(st.sampled_from(["image/jpeg", "image/png", "image/webp"])).map(tuple),
    picture_box=st.tuples(st.integers(1, 8000), st.integers(1, 8000)),
    good_for=st.lists(st.sampled_from(Aim), unique=True).map(tuple),
    can_edit=st.booleans(),
)


@settings(deadline=None)
@given(abilities)
def test_abilities_come_back_from_storage_as_they_were(known: Abilities) -> None:
    assert Abilities.from_json(json.loads(json.dumps(known.to_json()))) == known


@settings(deadline=None)
@given(abilities)
def test_a_newer_programs_abilities_are_read_without_what_is_unknown(known: Abilities) -> None:
    assert Abilities.from_json({**known.to_json(), "can_teleport": True}) == known


def test_an_older_programs_abilities_are_read_with_defaults() -> None:
    stored = {"text_limit": 280, "mechanism": "none", "settle": 30}
    assert Abilities.from_json(stored) == Abilities(280, Mechanism.NONE, timedelta(seconds=30))


def test_every_ability_is_stored() -> None:
    known = Abilities(280, Mechanism.NONE, timedelta(seconds=30))
    assert known.to_json().keys() == {field.name for field in fields(Abilities)}
