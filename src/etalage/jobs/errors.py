"""What a job may raise to steer its own fate, and what it meets when it lost its lease."""

from __future__ import annotations

from datetime import datetime


class LeaseLost(Exception):
    """Another worker may have this job by now: stop at once and write nothing more."""


class RetryAt(Exception):
    """Raised by a task to be run again at `when` (aware UTC), for example after a network's 429.

    `counted=False` leaves the attempt uncounted: the task itself then bounds how often it asks.
    """

    def __init__(self, when: datetime, reason: str = "", *, counted: bool = True) -> None:
        super().__init__(reason or "asked to be run again later")
        self.when = when
        self.counted = counted


class GiveUp(Exception):
    """Raised by a task when no further attempt can help: the job is dead at once, with this reason."""


class UnknownTaskError(LookupError):
    """A job names a task that this version of the program does not have."""
