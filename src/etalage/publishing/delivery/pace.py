"""The times of delivery, in one place. Tests under fire shorten them through `settings.DELIVERY_PACE`."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Pace:
    """How long things may take; see each field."""

    # Far longer than any request, so that a lost lease means a lost worker.
    lease: timedelta = timedelta(minutes=10)
    request: timedelta = timedelta(seconds=120)  # the longest a single request to a network may take
    late: timedelta = timedelta(hours=24)  # after its hour a post without an end of its own is too late
    first_wait: timedelta = timedelta(seconds=10)  # before the second try; doubled for each further one
    longest_wait: timedelta = timedelta(minutes=30)
    least_settle: timedelta = timedelta(seconds=30)  # between a doubt and the first look, at least
    # Publications that one round sends at the same time, each with a connection to the database of its own.
    hands: int = 20
    shift: timedelta = timedelta(seconds=50)  # how long one round of work goes on taking more
    looks: int = 6  # undecided looks before a person is asked
    lost: int = 6  # workers that died over one publication before a person is asked
    key_share: float = 5 / 6  # how much of a network's memory for keys is trusted
    # How far before the first send a look begins: a clock that was a day wrong when it was written down is covered.
    since: timedelta = timedelta(hours=26)
    # Successes of a channel whose showing is timed one after the other; later ones now and then.
    lag_samples: int = 20
    lag_again: timedelta = timedelta(minutes=10)  # between such later samples
    lag_slack: timedelta = timedelta(seconds=30)  # a look that came so much later than planned tells nothing
    lag_looks: int = 12  # looks for one sample, each after twice the time of the one before

    def wait(self, tries: int) -> timedelta:
        """A doubling wait with jitter, so that many failures do not come back in one moment."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(max(tries - 1, 0), 20))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  (no secret)

    def too_late(self, due_at: datetime, expires_at: datetime | None) -> datetime:
        """The moment after which a publication no longer goes out."""
        return expires_at or due_at + self.late


def pace() -> Pace:
    """The pace of this installation."""
    return replace(Pace(), **getattr(settings, "DELIVERY_PACE", {}))


def read_pace(text: str) -> dict[str, Any]:
    """`settings.DELIVERY_PACE` out of JSON: an object of `Pace`'s names; lengths of time are in seconds.

    Raises ValueError for anything else.
    """
    data = json.loads(text or "{}")
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return {name: _read(name, value) for name, value in data.items()}


def _read(name: str, value: Any) -> Any:
    usual = getattr(Pace(), name, None) if name in {field.name for field in fields(Pace)} else None
    if usual is None or isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} is not a number of the pace")
    return timedelta(seconds=value) if isinstance(usual, timedelta) else type(usual)(value)
