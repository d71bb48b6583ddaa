"""What the rooms above keep about a person: each declares it once, for export, erasure and the customer's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

Export = Callable[[UUID], list[dict[str, Any]]]
Erase = Callable[[UUID], None]
Count = Callable[[UUID], int]


@dataclass(frozen=True)
class PersonalData:
    """One kind of thing kept about a person.

    `export` returns plain values that JSON can hold; `erase` removes or empties what tells who it was and keeps sums.
    """

    name: str
    label: str | Promise
    export: Export
    count: Count
    erase: Erase | None = None


_KINDS: dict[str, PersonalData] = {}


def declare(kind: PersonalData) -> None:
    """Make a kind known; called once by a room's `AppConfig.ready`."""
    _KINDS[kind.name] = kind


def kinds() -> list[PersonalData]:
    """All kinds, by name."""
    return [_KINDS[name] for name in sorted(_KINDS)]


def erase_elsewhere(customer_id: UUID) -> None:
    """Let every room erase what it keeps, in the transaction of the caller."""
    for kind in kinds():
        if kind.erase:
            kind.erase(customer_id)
