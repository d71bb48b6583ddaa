"""Why something did not work, said to a person: who has to act, in four languages."""

from __future__ import annotations

import pytest
from django.utils import translation

from etalage.channels.reasons import LETTER_REASONS, OWN_REASONS, WHAT_TO_DO, Advice, Who, refusal_for
from etalage.networks.base import Reason

#: How each language says that nobody has to act.
BY_ITSELF = {"en": "by itself", "fr": "de lui-même", "nl": "vanzelf", "ar": "تلقائيًا"}
NETWORK = {"en": "network", "fr": "réseau", "nl": "netwerk", "ar": "الشبكة"}
ADVICE: dict[str, Advice] = {**{one.value: advice for one, advice in WHAT_TO_DO.items()}, **OWN_REASONS}


def test_every_reason_of_a_network_is_known() -> None:
    assert set(WHAT_TO_DO) == set(Reason)


@pytest.mark.parametrize("language", BY_ITSELF)
@pytest.mark.parametrize("reason", ADVICE)
def test_each_says_who_acts_and_nobody_is_left_to_wonder(reason: str, language: str) -> None:
    who = ADVICE[reason].who
    with translation.override(language):
        said = str(ADVICE[reason].text)
    if who is Who.NOBODY:
        assert BY_ITSELF[language] in said
    else:
        # What happened, and then what to do: one sentence would be the complaint alone.
        assert len([part for part in said.replace("؛", ".").replace(";", ".").split(".") if part.strip()]) > 1
    if who is Who.AT_NETWORK:
        assert NETWORK[language] in said


@pytest.mark.parametrize("language", BY_ITSELF)
@pytest.mark.parametrize("reason", list(Reason))
def test_who_asked_just_now_is_not_told_that_it_goes_on_by_itself(reason: Reason, language: str) -> None:
    """Connecting and resuming are done by a person: nothing comes of waiting."""
    with translation.override(language):
        told = refusal_for(reason).message
    assert told and BY_ITSELF[language] not in told


@pytest.mark.parametrize("reason", LETTER_REASONS)
def test_what_could_not_be_taken_in_can_be_tried_again(reason: str) -> None:
    with translation.override("en"):
        assert "ry " in str(LETTER_REASONS[reason]) and "again" in str(LETTER_REASONS[reason])
