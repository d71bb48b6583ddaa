"""Wakes the workers of this process when something was enqueued; those of other processes poll."""

from __future__ import annotations

from threading import Event
from weakref import WeakSet

from django.db import transaction

_sleepers: WeakSet[Event] = WeakSet()


def sleeper() -> Event:
    """A new event that is set at each ring, for as long as its owner keeps it."""
    event = Event()
    _sleepers.add(event)
    return event


def ring() -> None:
    """Wake every worker of this process."""
    for event in list(_sleepers):
        event.set()


def ring_on_commit() -> None:
    """Wake the workers once the current transaction is committed: before that they would see nothing."""
    transaction.on_commit(ring)
