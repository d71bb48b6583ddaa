"""How a room reacts to the events of rooms below it: `@on(TheEvent)` in its own `handlers.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import TypeVar

from etalage.jobs.declare import BACKOFF_SECONDS, LEASE_SECONDS, MAX_ATTEMPTS, TIME_LIMIT_SECONDS
from etalage.jobs.registry import EVENTS, HANDLERS, Handler, path_of, room_of

E = TypeVar("E")
R = TypeVar("R")


def on(
    event: type[E],
    *,
    queue_name: str | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    backoff: float = BACKOFF_SECONDS,
    lease: int = LEASE_SECONDS,
    time_limit: int = TIME_LIMIT_SECONDS,
    atomic: bool = True,
) -> Callable[[Callable[[E], R]], Callable[[E], R]]:
    """Run the decorated module-level function for every announced event of that class, as a job of its own.

    By default it runs in one transaction with the job's end, so that its rows are written exactly once; work
    that talks to a network is enqueued as a task from there, or says `atomic=False`.
    """
    if not is_dataclass(event):
        raise TypeError(f"{event.__name__} is not a dataclass")
    EVENTS[path_of(event)] = event

    def register(function: Callable[[E], R]) -> Callable[[E], R]:
        path = path_of(function)
        HANDLERS[path] = Handler(
            path=path,
            event=path_of(event),
            call=function,
            queue=queue_name or room_of(function.__module__),
            max_attempts=max_attempts,
            backoff=backoff,
            lease=lease,
            time_limit=time_limit,
            atomic=atomic,
        )
        return function

    return register
