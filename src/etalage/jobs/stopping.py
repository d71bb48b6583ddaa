"""Whether the worker that runs this job was asked to stop: work that goes on for long asks now and then.

What is in hand is finished; more is taken by the next worker. A supervisor is patient for some seconds only, and
what it kills in the middle is in doubt afterwards.
"""

from __future__ import annotations

from contextvars import ContextVar
from threading import Event

_asked: ContextVar[Event | None] = ContextVar("asked_to_stop", default=None)


def is_stopping() -> bool:
    """Whether this job is to come to an end soon; never true outside of a worker. Ask it in the job's own thread."""
    asked = _asked.get()
    return asked is not None and asked.is_set()


def works_until(asked: Event) -> None:
    """From now on this thread works for a worker that stops when the event is set."""
    _asked.set(asked)
