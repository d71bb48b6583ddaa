"""Pictures: taken in by their content, bounded, stripped of all but their pixels, fitted to a channel.

Nothing of the file that came in survives: its pixels are decoded and encoded again, so a picture that is also
a page, a script or an archive, and what a phone wrote about the place, end here.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO, Literal

from PIL import Image, ImageCms, ImageOps

from etalage.kit.errors import Refusal, gettext_noop

PictureFormat = Literal["jpeg", "webp"]
FitMode = Literal["cover", "contain"]

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 2560

_QUALITY = 86
_LOWER_QUALITIES = (80, 72, 64, 55, 45, 35)
_SMALLEST_SHRINK = 0.3
_WHITE = "#ffffff"
_MEDIA_TYPES = {"jpeg": ("image/jpeg", ".jpg"), "webp": ("image/webp", ".webp")}
_MESSAGES = {
    "too_large": gettext_noop("This picture takes more than %(megabytes)s MB. Choose a smaller one."),
    "too_many_pixels": gettext_noop(
        "This picture has more than %(megapixels)s million pixels. Make it smaller."
    ),
    "not_a_picture": gettext_noop("This is not a picture we can use. Choose a JPEG, PNG, WebP, AVIF or GIF."),
    "broken": gettext_noop("This picture is damaged. Save it again, or choose another."),
    "cannot_fit": gettext_noop("This picture cannot be made small enough for the channel. Choose another."),
}


class PictureRefused(Refusal):
    """A picture not taken in. Codes: too_large, too_many_pixels, not_a_picture, broken, cannot_fit."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(_MESSAGES[code], code=code, status=413 if code == "too_large" else 400, **values)


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
    """Read a stranger's picture and make it ours; PictureRefused when it is not one, or too big.

    The result is upright, in sRGB, at most `LONGEST_SIDE` pixels long, without metadata. Of moving pictures
    it is the first frame. A "jpeg" stands on white where the original was transparent.
    """
    data = source if isinstance(source, bytes) else source.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise PictureRefused("too_large", megabytes=max_bytes // (1024 * 1024))
    picture = _decode(data, max_pixels, LONGEST_SIDE)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return _encode(picture, format, _QUALITY)


def fit(
    data: bytes,
    *,
    width: int,
    height: int,
    mode: FitMode = "cover",
    max_bytes: int | None = None,
    format: PictureFormat = "jpeg",
    background: str | None = None,
    focus: tuple[float, float] = (0.5, 0.5),
) -> Picture:
    """A rendition of a picture for a channel.

    "cover" fills `width` × `height` exactly and cuts what stands out, keeping `focus` (shares of width and
    height) in view. "contain" shows all of it within that box; with a `background` colour ("#rrggbb") the box
    is filled up to its exact size. `max_bytes` is respected by lowering the quality, then the size;
    PictureRefused("cannot_fit") when even that is not enough.
    """
    picture = _decode(data, MAX_PIXELS, max(width, height) if mode == "contain" else None)
    if mode == "cover":
        picture = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS, centering=focus)
    else:
        picture.thumbnail((width, height), Image.Resampling.LANCZOS)
        if background:
            picture = ImageOps.pad(_flat(picture, background), (width, height), color=background)
    if background:
        picture = _flat(picture, background)
    return _within(picture, format, max_bytes)


def _within(picture: Image.Image, format: PictureFormat, max_bytes: int | None) -> Picture:
    """Encode as well as `max_bytes` allows."""
    result = _encode(picture, format, _QUALITY)
    if max_bytes is None or len(result.data) <= max_bytes:
        return result
    for quality in _LOWER_QUALITIES:
        result = _encode(picture, format, quality)
        if len(result.data) <= max_bytes:
            return result
    scale = 0.8
    while scale > _SMALLEST_SHRINK:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        result = _encode(picture.resize(size, Image.Resampling.LANCZOS), format, _LOWER_QUALITIES[2])
        if len(result.data) <= max_bytes:
            return result
        scale *= 0.8
    raise PictureRefused("cannot_fit")


def _decode(data: bytes, max_pixels: int, longest: int | None) -> Image.Image:
    """The upright pixels in sRGB, mode RGB or RGBA; the size is checked before any pixel is decoded.

    Where no more than `longest` pixels a side are wanted, the picture shrinks before it is copied or converted.
    """
    kind = _kind(data)
    if kind == "WEBP" and _webp_pixels(data) > max_pixels:  # Pillow makes room for it when it opens it
        raise _too_many(max_pixels)
    try:
        picture = Image.open(io.BytesIO(data), formats=[kind])
        if picture.width * picture.height > max_pixels:
            raise _too_many(max_pixels)
        if longest and picture.mode in ("RGB", "RGBA", "L", "CMYK"):
            picture.draft("RGB", (longest, longest))  # JPEG: skips detail that would be thrown away
            picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        return _srgb(picture)
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as problem:
        raise _too_many(max_pixels) from problem
    except Exception as problem:  # decoders of hostile bytes raise anything, from struct.error to KeyError
        raise PictureRefused("broken") from problem


def _kind(data: bytes) -> str:
    """Pillow's name of the format, by the first bytes."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF"
    raise PictureRefused("not_a_picture")


def _webp_pixels(data: bytes) -> int:
    """Width times height that a WebP file declares; PictureRefused when it declares none."""
    chunk, head = data[12:16], data[20:30].ljust(10, b"\0")
    if chunk == b"VP8X":
        return (int.from_bytes(head[4:7], "little") + 1) * (int.from_bytes(head[7:10], "little") + 1)
    if chunk == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", head[6:10])
        return int(width & 0x3FFF) * int(height & 0x3FFF)
    raise PictureRefused("broken")


def _srgb(picture: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent; colours converted from the picture's own profile."""
    if picture.mode.startswith("I"):  # 16 bits of grey
        picture = picture.point(lambda level: level / 256).convert("L")
    clear = picture.has_transparency_data
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a profile for other colours than the picture has: the plain conversion will do
        picture = converted or picture
    mode = "RGBA" if clear else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)


def _flat(picture: Image.Image, background: str) -> Image.Image:
    """The picture on a background, without transparency."""
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, background)
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _encode(picture: Image.Image, format: PictureFormat, quality: int) -> Picture:
    out = io.BytesIO()
    if format == "jpeg":
        bare = _flat(picture, _WHITE)
        bare.info = {}  # Pillow would write a profile or a comment it finds here
        bare.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    else:
        bare = picture.copy()
        bare.info = {}
        bare.save(out, "WEBP", quality=quality, method=3)
    media_type, suffix = _MEDIA_TYPES[format]
    return Picture(out.getvalue(), bare.width, bare.height, media_type, suffix)


def _too_many(max_pixels: int) -> PictureRefused:
    return PictureRefused("too_many_pixels", megapixels=max_pixels // 1_000_000)
