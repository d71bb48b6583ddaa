"""Rows of what a network tells, read one by one: an odd one is set aside and never blocks those behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from etalage.networks.answers import Received

#: What a wrong shape raises in code that reads it.
ODD = (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError)


def each_read(
    rows: Iterable[Any], read: Callable[[Any], Received | None]
) -> tuple[list[Received], tuple[str, ...]]:
    """What the rows say, without those that say nothing to us, and as JSON those that cannot be read."""
    items, odd = [], []
    for row in rows:
        try:
            item = read(row)
        except ODD:
            odd.append(json.dumps(row, sort_keys=True))
        else:
            items += [item] if item else []
    return items, tuple(odd)


def read_again(raw: bytes, read: Callable[[Any], Received | None]) -> list[Received]:
    """What a row says that was set aside. Raises ValueError when it still cannot be read."""
    items, odd = each_read([json.loads(raw)], read)
    if odd:
        raise ValueError("This row cannot be read.")
    return items
