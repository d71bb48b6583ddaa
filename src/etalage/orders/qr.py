"""QR codes: as one path for an SVG in a page, and as a PNG for a letter."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import segno

QUIET_ZONE = 4  # modules of white around the code, which scanners need (ISO/IEC 18004)


@dataclass(frozen=True)
class QrPicture:
    """`path` draws the dark squares in a square of `size` units, the quiet zone included."""

    size: int
    path: str


def qr_picture(text: str) -> QrPicture:
    """The QR code of an address, for a template to draw without any mark-up of ours being trusted."""
    matrix = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    runs: list[str] = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                width = x - start
                runs.append(f"M{start + QUIET_ZONE} {y + QUIET_ZONE}h{width}v1h-{width}z")
            x += 1
    return QrPicture(len(matrix) + 2 * QUIET_ZONE, "".join(runs))


def qr_png(text: str, scale: int = 6) -> bytes:
    """The QR code of an address as a PNG, black on white."""
    buffer = BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="png", scale=scale, border=QUIET_ZONE)
    return buffer.getvalue()
