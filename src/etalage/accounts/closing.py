"""What still waits in a store when somebody wants to close it. The rooms above say what they keep there."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

_COUNTERS: dict[str, Callable[[UUID], int]] = {}


def declare_waiting(name: str, count: Callable[[UUID], int]) -> None:
    """Name something that customers are promised in a store, and how to count it; called by `AppConfig.ready`."""
    _COUNTERS[name] = count


def waiting_in(store_id: UUID) -> int:
    """How many promises to customers the store still has to keep."""
    return sum(count(store_id) for count in _COUNTERS.values())
