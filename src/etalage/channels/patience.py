"""How long a network that could not be asked is left alone: longer each time, and as long as it wished."""

from __future__ import annotations

from datetime import timedelta
from secrets import randbelow

from etalage.networks.base import CouldNotRead

SHORTEST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
LONGEST_ASKED = timedelta(days=1)
LONGEST_QUIET = timedelta(hours=1)  # that a channel keeps as a whole


def growing_wait(failures: int) -> timedelta:
    """How long to wait after so many failures before this one, with some chance in it."""
    wait: timedelta = min(SHORTEST_WAIT * 2 ** min(failures, 10), LONGEST_WAIT)
    return wait * (80 + randbelow(41)) / 100


def wished_wait(answer: CouldNotRead) -> timedelta:
    """How long the network wished to be left alone, at most a day; nothing where it did not say."""
    return timedelta(seconds=min(max(answer.retry_after or 0.0, 0.0), LONGEST_ASKED.total_seconds()))
