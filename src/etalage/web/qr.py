"""QR codes as SVG: one path, so that it prints sharp and needs no picture file."""

from __future__ import annotations

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString

QUIET = 4


def svg(text: str, label: str) -> SafeString:
    """A QR code of `text` with its quiet zone; `label` is read aloud."""
    rows = segno.make(text, error="m", micro=False).matrix
    size = len(rows) + 2 * QUIET
    path = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    )
    return format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" shape-rendering="crispEdges">'
        '<rect width="100%" height="100%" fill="#fff"></rect><path fill="#000" d="{}"></path></svg>',
        *(size, size, label, path),
    )
