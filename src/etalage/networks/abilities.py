"""What one connected account can do, as data: composer, API and worker read the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any


class Mechanism(StrEnum):
    """How a network lets us know whether a lost answer was a success."""

    IDEMPOTENCY_KEY = "idempotency_key"  # the same key again gives the same post, for `key_valid_for`
    CLIENT_KEY = "client_key"  # we choose the post's own key; a second creation says that it exists
    TWO_PHASE = "two_phase"  # a draft's id is ours before it becomes visible; publishing it twice is once
    READ_BACK = "read_back"  # our own posts can be listed and our marker found in them
    NONE = "none"  # nothing: after a doubt, a person decides


class TextUnit(StrEnum):
    """What the network counts."""

    CHARACTERS = "characters"  # Unicode code points
    GRAPHEMES = "graphemes"  # what a reader sees as one sign
    BYTES = "bytes"  # of UTF-8


class Aim(StrEnum):
    """What a shop wants from a post."""

    AWARENESS = "awareness"
    PROMOTION = "promotion"
    RELATION = "relation"


@dataclass(frozen=True)
class Abilities:
    """Resolved for one account: text, pictures, what can be done later, and how doubt is settled."""

    text_limit: int
    mechanism: Mechanism
    settle: timedelta  # how long after sending a publication surely shows when it was accepted
    text_unit: TextUnit = TextUnit.CHARACTERS
    text_bytes_limit: int | None = None  # a second limit beside `text_limit`, where the network has one
    link_length: int | None = None  # every link counts this much; None counts it as it stands
    counts_mention_hosts: bool = True  # else only "@ada" of "@ada@example.org" counts
    key_valid_for: timedelta | None = None  # memory of idempotency keys; None: for ever
    parts_valid_for: timedelta | None = None  # an upload that no post shows is kept so long

    min_pictures: int = 0
    max_pictures: int = 4
    picture_formats: tuple[str, ...] = ("image/jpeg", "image/png")
    picture_max_bytes: int = 8_000_000
    picture_min_width: int = 1
    picture_max_width: int = 4096
    picture_min_height: int = 1
    picture_max_height: int = 4096
    picture_min_ratio: float = 0.25  # width divided by height
    picture_max_ratio: float = 4.0
    picture_box: tuple[int, int] = (1600, 1600)  # the size in pixels that shows best; fit inside it
    alt_text_limit: int = 1500

    can_edit: bool = False
    can_withdraw: bool = False
    can_reply: bool = False
    can_measure: bool = False
    good_for: tuple[Aim, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON object of plain values; durations in seconds."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Abilities:
        """The inverse of `to_json`. Unknown names are left out; missing ones keep their defaults."""
        known = {item.name for item in fields(cls)}
        values = {name: _READ.get(name, _same)(value) for name, value in data.items() if name in known}
        return cls(**values)


def _plain(value: Any) -> Any:
    """Durations as seconds, tuples as lists, enums as their text."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, StrEnum) else value


def _same(value: Any) -> Any:
    return value


def _duration(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)


_READ: Mapping[str, Any] = {
    "mechanism": Mechanism,
    "text_unit": TextUnit,
    "settle": _duration,
    "key_valid_for": _duration,
    "parts_valid_for": _duration,
    "picture_formats": tuple,
    "picture_box": tuple,
    "good_for": lambda aims: tuple(Aim(aim) for aim in aims),
}
