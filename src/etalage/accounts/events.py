"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BusinessChanged:
    """The business's own data changed; `fields` are the names of what did, such as `lookback_days`."""

    fields: tuple[str, ...]
