"""The graph of the delivery state machine, as it was checked when it was loaded."""

from __future__ import annotations

import pytest

from etalage.publishing.delivery.states import (
    TERMINAL,
    TRANSITIONS,
    UNSENT,
    _check,
)
from etalage.publishing.models import DeliveryState as S


def test_the_end_states_have_no_way_out() -> None:
    assert {S.REJECTED, S.EXPIRED, S.WITHDRAWN, S.DROPPED} == TERMINAL


def test_what_may_stand_there_is_never_taken_for_unsent_without_a_look_or_a_person() -> None:
    assert not TRANSITIONS[S.UNKNOWN] & (UNSENT | {S.CLAIMED, S.REJECTED, S.EXPIRED})
    assert [state for state, after in TRANSITIONS.items() if S.SENDING in after] == [S.PREPARED]


@pytest.mark.parametrize(
    "broken",
    [
        {state: after for state, after in TRANSITIONS.items() if state is not S.DROPPED},
        {**TRANSITIONS, S.NEEDS_PERSON: frozenset({S.PUBLISHED})},  # nothing leads to "dropped"
        {**TRANSITIONS, S.UNKNOWN: frozenset({S.UNKNOWN}), S.SENDING: frozenset({S.UNKNOWN})},
        {**TRANSITIONS, S.SENDING: TRANSITIONS[S.SENDING] | {S.PREPARED}},
    ],
)
def test_a_graph_with_a_hole_is_refused_when_it_is_loaded(broken: dict[S, frozenset[S]]) -> None:
    with pytest.raises(ValueError, match=r"states|wire"):
        _check(broken)
