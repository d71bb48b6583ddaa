"""Whatever comes in as a picture leaves as nothing but its pixels, or not at all."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin, features

from etalage.kit.images import LONGEST_SIDE, PictureRefused, fit, take_in


def drawn(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red above, blue below."""
    picture = Image.new(mode, (width, height), "red")
    ImageDraw.Draw(picture).rectangle((0, height // 2, width, height), fill="blue")
    return picture


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def noise(width: int, height: int) -> bytes:
    return encoded(Image.effect_noise((width, height), 120).convert("RGB"), "PNG")


def png_of_size(width: int, height: int) -> bytes:
    """A tiny file that declares that many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1000)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def code_of(data: bytes, **limits: int) -> str:
    with pytest.raises(PictureRefused) as caught:
        take_in(data, **limits)  # type: ignore[arg-type]
    assert str(caught.value).endswith(".")
    return caught.value.code


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_the_usual_formats_are_taken_in_as_webp(format: str) -> None:
    if format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    taken = take_in(io.BytesIO(encoded(drawn(300, 200), format)))
    assert (taken.width, taken.height, taken.media_type, taken.name_suffix) == (
        300, 200, "image/webp", ".webp",
    )  # fmt: skip
    picture = opened(taken.data)
    assert picture.format == "WEBP"
    red, _, blue = picture.convert("RGB").getpixel((150, 20))  # type: ignore[misc]
    assert red > 200 > 60 > blue


def test_a_long_picture_is_bounded_and_keeps_its_shape() -> None:
    taken = take_in(encoded(drawn(6000, 3000), "JPEG"), format="jpeg")
    assert (taken.width, taken.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)
    assert opened(taken.data).size == (taken.width, taken.height)


def test_a_photo_taken_sideways_stands_upright_and_forgets_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to see it
    exif[0x010E] = "secret description"
    exif.get_ifd(0x8825)[2] = (50.0, 51.0, 3.0)
    source = encoded(drawn(400, 200), "JPEG", exif=exif, comment=b"secret comment")
    assert opened(source).getexif().get_ifd(0x8825)
    for format in ("webp", "jpeg"):
        taken = take_in(source, format=format)  # type: ignore[arg-type]
        picture = opened(taken.data)
        assert picture.size == (200, 400)
        assert not picture.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(picture.info)
        assert b"secret" not in taken.data


def test_texts_inside_a_png_are_gone() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Author", "secret name")
    taken = take_in(encoded(drawn(20, 20), "PNG", pnginfo=notes))
    assert b"secret" not in taken.data


def test_transparency_survives_in_webp_and_becomes_white_in_jpeg() -> None:
    clear = encoded(Image.new("RGBA", (50, 50), (255, 0, 0, 0)), "PNG")
    assert opened(take_in(clear).data).getpixel((10, 10))[3] == 0  # type: ignore[index]
    assert min(opened(take_in(clear, format="jpeg").data).getpixel((10, 10))) > 250  # type: ignore[type-var,arg-type]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "RGBA"])
def test_every_kind_of_pixel_is_taken_in(mode: str) -> None:
    format = "JPEG" if mode == "CMYK" else "PNG"
    white: dict[str, object] = {"I;16": 65_000, "CMYK": (0, 0, 0, 0)}
    picture = Image.new(mode, (60, 40), white.get(mode, "white"))
    taken = opened(take_in(encoded(picture, format)).data).convert("RGB")
    assert taken.size == (60, 40)
    assert min(taken.getpixel((5, 5))) > 220  # type: ignore[type-var,arg-type]


def test_colours_come_from_the_pictures_own_profile() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    taken = take_in(encoded(drawn(40, 40), "JPEG", icc_profile=lab), format="jpeg")
    assert "icc_profile" not in opened(taken.data).info
    assert take_in(encoded(drawn(40, 40), "JPEG", icc_profile=b"no profile at all")).width == 40


def test_of_a_moving_picture_the_first_frame_stays() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    picture = opened(take_in(moving).data)
    assert not getattr(picture, "is_animated", False)
    assert picture.convert("RGB").getpixel((5, 5))[0] > 200  # type: ignore[index]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
DISGUISES = {
    "empty": b"",
    "svg": SVG,
    "svg with declaration": b'<?xml version="1.0"?>' + SVG,
    "html": b"<!doctype html><html><script>alert(1)</script></html>",
    "pdf": b"%PDF-1.7\n1 0 obj",
    "zip": b"PK\x03\x04" + b"\0" * 100,
    "bmp": encoded(drawn(10, 10), "BMP"),
    "tiff": encoded(drawn(10, 10), "TIFF"),
    "ico": encoded(drawn(16, 16), "ICO"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "html before a picture": b"<script>alert(1)</script>" + encoded(drawn(10, 10), "JPEG"),
    "text": b"ceci n'est pas une pipe",
    "video": b"\0\0\0\x18ftypmp42" + b"\0" * 200,
}


@pytest.mark.parametrize("data", DISGUISES.values(), ids=DISGUISES)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert code_of(data) == "not_a_picture"


HEADS = {
    "jpeg and html": b"\xff\xd8\xff\xe0<script>alert(1)</script>",
    "gif and script": b"GIF89a/*" + b"A" * 20 + b"*/=1;alert(1)",
    "png head alone": b"\x89PNG\r\n\x1a\n",
    "webp head alone": b"RIFF\x10\0\0\0WEBP",
    "webp of nothing": b"RIFF\x20\0\0\0WEBPVP8X" + b"\0" * 40,
    "webp of an unknown kind": b"RIFF\x20\0\0\0WEBPVP8Q" + b"\0" * 40,
    "avif head alone": b"\0\0\0\x18ftypavif" + b"\0" * 100,
}


@pytest.mark.parametrize("data", HEADS.values(), ids=HEADS)
def test_what_only_begins_like_a_picture_is_broken(data: bytes) -> None:
    assert code_of(data) == "broken"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_broken(format: str, share: float) -> None:
    if format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    whole = encoded(opened(noise(200, 200)), format)
    assert code_of(whole[: int(len(whole) * share)]) == "broken"


def test_what_hides_behind_a_picture_does_not_come_along() -> None:
    hidden = b"<script>alert(1)</script>%PDF-1.7 PK\x03\x04"
    taken = take_in(encoded(drawn(30, 30), "JPEG") + hidden)
    assert b"script" not in taken.data
    assert b"%PDF" not in taken.data


def test_too_many_bytes_are_refused_without_reading_them_all() -> None:
    stream = io.BytesIO(noise(300, 300) * 10)
    with pytest.raises(PictureRefused) as caught:
        take_in(stream, max_bytes=100_000)
    assert (caught.value.code, caught.value.status) == ("too_large", 413)
    assert stream.tell() == 100_001


@pytest.mark.parametrize("size", [(7000, 7000), (30_000, 30_000), (2**31 - 1, 2**31 - 1), (40_000_001, 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    bomb = png_of_size(*size)
    assert len(bomb) < 2_000
    assert code_of(bomb) == "too_many_pixels"


def test_a_webp_that_declares_too_many_pixels_is_refused_by_its_head() -> None:
    for kind in ("VP8X", "VP8L", "VP8 "):
        body = {
            "VP8X": bytes(4) + (16_000).to_bytes(3, "little") * 2,
            "VP8L": b"\x2f" + (15_999 | 15_999 << 14).to_bytes(4, "little") + bytes(5),
            "VP8 ": bytes(6) + struct.pack("<HH", 16_000, 16_000),
        }[kind]
        bomb = b"RIFF" + (100).to_bytes(4, "little") + b"WEBP" + kind.encode() + bytes(4) + body
        assert code_of(bomb) == "too_many_pixels"


def test_the_limit_on_pixels_is_the_callers() -> None:
    picture = encoded(drawn(100, 100), "PNG")
    assert take_in(picture, max_pixels=10_000).width == 100
    assert code_of(picture, max_pixels=9_999) == "too_many_pixels"


def test_cover_fills_the_box_exactly_and_keeps_the_middle() -> None:
    rendition = fit(encoded(drawn(900, 300), "PNG"), width=200, height=200)
    assert (rendition.width, rendition.height, rendition.media_type) == (200, 200, "image/jpeg")
    picture = opened(rendition.data)
    assert picture.size == (200, 200)
    assert picture.getpixel((100, 20))[0] > 200  # type: ignore[index]
    assert picture.getpixel((100, 180))[2] > 200  # type: ignore[index]


def test_cover_keeps_the_focus_in_view() -> None:
    above = fit(encoded(drawn(300, 900), "PNG"), width=100, height=100, focus=(0.5, 0.0))
    assert opened(above.data).getpixel((50, 95))[0] > 200  # type: ignore[index]


def test_contain_shows_everything_and_never_enlarges() -> None:
    wide = encoded(drawn(900, 300), "PNG")
    assert (fit(wide, width=300, height=300, mode="contain").height) == 100
    assert (fit(wide, width=3000, height=3000, mode="contain").width) == 900


def test_contain_on_a_background_has_the_exact_size() -> None:
    wide = encoded(drawn(900, 300), "PNG")
    rendition = fit(wide, width=300, height=300, mode="contain", background="#00ff00", format="webp")
    picture = opened(rendition.data).convert("RGB")
    assert picture.size == (300, 300)
    assert picture.getpixel((150, 10))[1] > 200  # type: ignore[index]
    assert picture.getpixel((150, 110))[0] > 200  # type: ignore[index]


@pytest.mark.parametrize("max_bytes", [400_000, 120_000, 30_000])
@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_a_rendition_respects_the_channels_limit(max_bytes: int, format: str) -> None:
    rendition = fit(noise(900, 900), width=900, height=900, max_bytes=max_bytes, format=format)  # type: ignore[arg-type]
    assert len(rendition.data) <= max_bytes
    assert opened(rendition.data).size == (rendition.width, rendition.height)


def test_an_impossible_limit_is_refused() -> None:
    with pytest.raises(PictureRefused) as caught:
        fit(noise(900, 900), width=900, height=900, max_bytes=2_000)
    assert caught.value.code == "cannot_fit"


def test_a_picture_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "scarf.png"
    file.write_bytes(encoded(drawn(10, 10), "PNG"))
    with file.open("rb") as stream:
        assert take_in(stream).width == 10
