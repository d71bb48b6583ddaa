"""How figures moved."""

from __future__ import annotations


def change(now: int, before: int) -> float | None:
    """The signed ratio of a change; None without something to compare with, 0 for less than half a percent."""
    ratio = (now - before) / before if before > 0 else None
    return 0.0 if ratio is not None and abs(ratio) < 0.005 else ratio
