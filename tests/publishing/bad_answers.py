"""Everything that a network in trouble answers, by what it is, and how it is explained; for tests of each place where
it can happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.utils import translation

from etalage.networks import registry
from etalage.networks.practice.connector import PracticeConnector
from etalage.publishing import queries
from tests.practice_network import PracticeNetwork

#: fault → what it is: "fine"; "garbled", something that is not the network's language; "lost", no whole answer;
#: "broken", an error that leaves open what was done; "down" and "busy", with a wait; "dead" and "forbidden" accesses
KINDS = {
    "nonsense": "garbled",
    "accepted_nonsense": "garbled",
    "accepted_truncated": "garbled",
    "accepted_empty": "garbled",
    "redirect": "garbled",
    "redirect_loop": "garbled",
    "accepted_wrong_length": "lost",
    "accepted_twice": "fine",
    "nothing": "lost",
    "accepted_nothing": "lost",
    "accepted_drip": "lost",
    "accepted_bomb": "lost",
    "accepted_not_http": "lost",
    "lost_before": "lost",
    "accepted_cut": "lost",
    "slow": "lost",
    "error_before": "broken",
    "accepted_500": "broken",
    "platform_down_bare": "broken",
    "platform_down": "down",
    "rate_limited": "busy",
    "rate_limited_bare": "busy",
    "dead_token": "dead",
    "permission_missing": "forbidden",
}
#: Faults of which a patient program would wait for the end.
SLOW = {"slow", "accepted_drip"}
PAUSED_BY = {"dead": "auth_dead", "forbidden": "permission_missing"}
LANGUAGES = ("en", "fr", "nl", "ar")
FAILURES = {"rejected", "expired", "dropped"}


class Hasty(PracticeConnector):
    """Waits for an answer for less than a second."""

    def __init__(self) -> None:
        super().__init__(read_seconds=0.7, write_seconds=0.7)


@dataclass
class Trouble:
    """Lets the practice network go wrong, and be well again."""

    practice: PracticeNetwork
    monkeypatch: pytest.MonkeyPatch

    def order(self, fault: str, on: str, handle: str = "") -> None:
        """Let the next request of that kind go wrong; what is slow is given up soon, until all is `over`."""
        self.practice.order(fault, on=on, account=handle, seconds=1.5 if fault in SLOW else 1)
        if fault in SLOW:
            self.monkeypatch.setitem(registry.CONNECTORS, "practice", f"{__name__}:Hasty")
            registry.get.cache_clear()

    def over(self) -> None:
        """All works, and answers are waited for as the program does."""
        self.practice.clear_orders()
        self.monkeypatch.undo()
        registry.get.cache_clear()


@pytest.fixture
def trouble(practice: PracticeNetwork) -> Iterator[Trouble]:
    """The hand by which a test orders trouble."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = Trouble(practice, monkeypatch)
        yield made
        made.over()


def is_explained(*said: str) -> bool:
    """Whether these are sentences in as many languages."""
    return len(set(said)) == len(LANGUAGES) == len(said) and all(one.strip() for one in said)


def explanation(publication: object) -> list[str]:
    """Title and sentence of a publication, in each language."""
    found = []
    for language in LANGUAGES:
        with translation.override(language):
            explained = queries.explain(publication)  # type: ignore[arg-type]
            found.append(f"{explained.title}: {explained.what_to_do}" if explained.what_to_do else "")
    return found


def in_each_language(text: object) -> list[str]:
    """A lazy sentence in each language."""
    found = []
    for language in LANGUAGES:
        with translation.override(language):
            found.append(str(text))
    return found
