"""Pictures: taken in by their content, bounded, stripped of everything but their pixels, and fitted to a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

from etalage.kit.errors import Refusal

PictureFormat = Literal["jpeg", "webp"]
FitMode = Literal["cover", "contain"]

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 2560


class PictureRefused(Refusal):
    """A picture that is not taken in. Codes: too_large, too_many_pixels, not_a_picture, broken, cannot_fit."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture without metadata. `media_type` like "image/webp", `name_suffix` like ".webp"."""

    data: bytes
    width: int
    height: int
    media_type: str
    name_suffix: str


def take_in(
    source: BinaryIO | bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    format: PictureFormat = "webp",
) -> Picture:
    """Read a stranger's picture and make it ours; PictureRefused when it is not one, or too big."""
    raise NotImplementedError


def fit(
    data: bytes,
    *,
    width: int,
    height: int,
    mode: FitMode = "cover",
    max_bytes: int | None = None,
    format: PictureFormat = "jpeg",
    background: str | None = None,
) -> Picture:
    """A rendition of a picture for a channel."""
    raise NotImplementedError
