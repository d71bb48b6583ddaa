"""A line as small as a word."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from etalage.kit.text import language_direction

WIDTH, HEIGHT, EDGE = 96, 28, 3


def spark(values: Sequence[float], label: str, language: str) -> SafeString:
    """Draw `values` in reading order; `label` tells what they are to those who do not see it."""
    if not values:
        return SafeString("")
    low, high = min(*values, 0), max(*values, 0) if len(values) > 1 else max(values[0], 0)
    spread = (high - low) or 1
    last = max(1, len(values) - 1)
    points = []
    for place, value in enumerate(values):
        x = EDGE + (WIDTH - 2 * EDGE) * place / last
        x = WIDTH - x if language_direction(language) == "rtl" else x
        points.append(f"{x:.1f},{HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / spread:.1f}")
    return format_html(
        '<svg class="sparkline series-1" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<polyline class="chart-line" points="{}"></polyline></svg>',
        *(WIDTH, HEIGHT, label, " ".join(points)),
    )
