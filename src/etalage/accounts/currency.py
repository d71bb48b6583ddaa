"""The business's currency is settled once amounts are kept in it. The rooms above say whether they keep any."""

from __future__ import annotations

from collections.abc import Callable

_KEEPERS: dict[str, Callable[[], bool]] = {}


def declare_amounts(name: str, keeps: Callable[[], bool]) -> None:
    """Name something that holds amounts and how to find out whether there are any; called by `AppConfig.ready`."""
    _KEEPERS[name] = keeps


def amounts_are_kept() -> bool:
    """Whether any room holds prices or sales already."""
    return any(keeps() for keeps in _KEEPERS.values())
