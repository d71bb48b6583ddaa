"""Which character separates the cells of a CSV file."""

from __future__ import annotations

import csv
from collections import Counter

DELIMITERS = ",;\t|"


def detect_delimiter(head: str) -> str:
    """The delimiter under which the first lines of `head` have the most columns, and most often the same number.

    A comma when nothing tells.
    """
    lines = head.splitlines(keepends=True)[:200]
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines.pop()  # the end of the head cuts the last line
    return max(DELIMITERS, key=lambda delimiter: _regularity(lines, delimiter))


def _regularity(lines: list[str], delimiter: str) -> tuple[float, int]:
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
    if not widths:
        return 0.0, 0
    width, times = widths.most_common(1)[0]
    return (times / widths.total() if width > 1 else 0.0), width
