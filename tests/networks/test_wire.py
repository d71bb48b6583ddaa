"""How long a network asks us to wait, and what is asked of it a second time."""

from __future__ import annotations

import pytest

from etalage.kit.http_network import Answer
from etalage.networks.base import ChannelRefused, CouldNotRead, Reason
from etalage.networks.wire import LONGEST_WAIT, SecondTries, retry_after

LAST = "Fri, 31 Dec 9999 23:59:59 -1200"  # a moment that UTC has no year for


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "9" * 400}, LONGEST_WAIT),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:09 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 9.0),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": LAST}, 1.0),
        ({"retry-after": LAST, "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, LONGEST_WAIT),
        ({"retry-after": LAST, "date": LAST}, LONGEST_WAIT),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:09 -0000"}, None),  # nobody knows where
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_a_number_of_seconds_or_none(headers: dict[str, str], seconds: float | None) -> None:
    found = retry_after(Answer(429, headers, b""))
    assert found == seconds


ODD, DOWN = CouldNotRead(Reason.NONSENSE_ANSWER), CouldNotRead(Reason.UNREACHABLE)
Said = CouldNotRead | ChannelRefused | str


@pytest.mark.parametrize(
    ("answers", "read", "asked"),
    [
        (["page"], "page", 1),
        ([ODD, "page"], "page", 2),
        ([ODD, ODD, "page"], ODD, 2),
        ([DOWN, "page"], DOWN, 1),
        ([CouldNotRead(Reason.RATE_LIMITED, 9.0), "page"], CouldNotRead(Reason.RATE_LIMITED, 9.0), 1),
        ([ChannelRefused(Reason.AUTH_DEAD), "page"], ChannelRefused(Reason.AUTH_DEAD), 1),
    ],
)
def test_only_nonsense_is_asked_for_once_more(answers: list[Said], read: Said, asked: int) -> None:
    coming = iter(answers)
    assert SecondTries().read(lambda: next(coming)) == read
    assert len(list(coming)) == len(answers) - asked


def test_of_many_odd_pages_only_the_first_few_are_asked_for_once_more() -> None:
    """Else a slow server's look could take longer than the lease under which it is made."""
    tries, asked = SecondTries(), 0

    def page() -> Said:
        nonlocal asked
        asked += 1
        return ODD if asked % 2 else "page"

    assert [tries.read(page) for _ in range(4)] == ["page"] * 3 + [ODD]
