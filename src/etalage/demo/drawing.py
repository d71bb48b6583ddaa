"""Draws a product: flat shapes on a quiet ground, large enough for a post, quick enough for hundreds."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

from etalage.demo.goods import Good

RGB = tuple[int, int, int]
SIZE = 640
_SCALE = 2  # drawn twice as large and reduced, which smooths the edges
_BOX = SIZE * _SCALE


class Pencil:
    """Draws in a square of 100 × 100 units, whatever the pixels."""

    def __init__(self, image: Image.Image, colour: RGB) -> None:
        self._draw = ImageDraw.Draw(image)
        self.body = colour
        self.dark = shade(colour, 0.75)
        self.light = shade(colour, 1.25)
        self.line = shade(colour, 0.5)

    def oval(self, x: float, y: float, width: float, height: float, fill: RGB) -> None:
        """An ellipse around its middle."""
        self._draw.ellipse(_px(x - width / 2, y - height / 2, x + width / 2, y + height / 2), fill=fill)

    def ring(self, x: float, y: float, size: float, thick: float, fill: RGB) -> None:
        """A ring around its middle."""
        box = _px(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
        self._draw.ellipse(box, outline=fill, width=round(thick * _BOX / 100))

    def box(self, left: float, top: float, right: float, bottom: float, fill: RGB, radius: float = 0) -> None:  # noqa: PLR0917
        """A rectangle with round corners."""
        self._draw.rounded_rectangle(_px(left, top, right, bottom), radius * _BOX / 100, fill=fill)

    def shape(self, *points: tuple[float, float], fill: RGB) -> None:
        """A polygon."""
        self._draw.polygon([(x * _BOX / 100, y * _BOX / 100) for x, y in points], fill=fill)

    def stroke(self, *points: tuple[float, float], thick: float, fill: RGB) -> None:
        """A line through the points."""
        path = [(x * _BOX / 100, y * _BOX / 100) for x, y in points]
        self._draw.line(path, fill=fill, width=round(thick * _BOX / 100), joint="curve")


def _px(*values: float) -> tuple[float, float, float, float]:
    a, b, c, d = (value * _BOX / 100 for value in values)
    return a, b, c, d


def shade(colour: RGB, factor: float) -> RGB:
    """The colour darker (factor below 1) or lighter (above 1)."""
    if factor <= 1:
        return tuple(round(part * factor) for part in colour)  # type: ignore[return-value]
    return tuple(round(part + (255 - part) * (factor - 1)) for part in colour)  # type: ignore[return-value]


def mug(p: Pencil) -> None:
    p.ring(68, 53, 24, 5, p.dark)
    p.box(30, 34, 66, 76, p.body, 6)
    p.oval(48, 35, 36, 9, p.dark)


def bowl(p: Pencil) -> None:
    p.box(42, 70, 58, 77, p.dark, 2)
    p.shape((22, 44), (78, 44), (66, 72), (34, 72), fill=p.body)
    p.oval(50, 44, 56, 14, p.dark)


def plate(p: Pencil) -> None:
    p.oval(50, 54, 62, 62, p.body)
    p.oval(50, 54, 42, 42, p.light)
    p.ring(50, 54, 42, 0.8, p.dark)


def teapot(p: Pencil) -> None:
    p.ring(28, 56, 24, 4, p.dark)
    p.shape((64, 58), (84, 40), (86, 45), (68, 70), fill=p.dark)
    p.oval(50, 58, 46, 40, p.body)
    p.oval(50, 40, 22, 7, p.dark)
    p.oval(50, 35, 6, 6, p.line)


def vase(p: Pencil) -> None:
    for x, y, flower in ((40, 22, (226, 120, 110)), (52, 16, (240, 190, 90)), (62, 24, (170, 120, 170))):
        p.stroke((50, 48), (x, y), thick=0.9, fill=(96, 128, 88))
        p.oval(x, y, 9, 9, flower)
    p.shape((42, 42), (58, 42), (56, 54), (64, 78), (36, 78), (44, 54), fill=p.body)
    p.oval(50, 42, 16, 4, p.dark)


def lamp(p: Pencil) -> None:
    p.box(48.5, 46, 51.5, 76, p.line, 1)
    p.oval(50, 77, 28, 6, p.line)
    p.shape((38, 24), (62, 24), (72, 50), (28, 50), fill=p.body)
    p.oval(50, 50, 44, 6, p.light)


def candle(p: Pencil) -> None:
    p.box(38, 44, 62, 76, p.body, 3)
    p.oval(50, 44, 24, 7, p.light)
    p.stroke((50, 43), (50, 37), thick=0.8, fill=p.line)
    p.oval(50, 33, 4.5, 10, (246, 190, 80))


def cushion(p: Pencil) -> None:
    p.box(24, 30, 76, 78, p.body, 12)
    p.box(32, 38, 68, 70, p.light, 8)
    for step in range(5):
        p.stroke((34 + step * 8, 39), (34 + step * 8, 69), thick=1, fill=p.dark)


def rug(p: Pencil) -> None:
    p.box(18, 34, 82, 76, p.body)
    p.box(23, 39, 77, 71, p.light)
    p.box(28, 44, 72, 66, p.dark)
    p.shape((50, 46), (62, 55), (50, 64), (38, 55), fill=p.light)
    for step in range(16):
        x = 20 + step * 4
        p.stroke((x, 76), (x, 80), thick=0.8, fill=p.dark)
        p.stroke((x, 34), (x, 30), thick=0.8, fill=p.dark)


def chair(p: Pencil) -> None:
    for x in (34, 64):
        p.box(x, 56, x + 3, 84, p.line, 1)
    p.box(33, 20, 37, 60, p.line, 1.5)
    p.box(63, 20, 67, 60, p.line, 1.5)
    p.box(33, 24, 67, 38, p.body, 3)
    p.box(30, 54, 70, 61, p.body, 3)


def scarf(p: Pencil) -> None:
    p.shape((30, 24), (70, 24), (62, 44), (38, 44), fill=p.dark)
    p.shape((38, 34), (52, 34), (46, 80), (30, 80), fill=p.body)
    p.shape((48, 34), (62, 34), (68, 76), (54, 76), fill=p.light)
    for step in range(5):
        p.stroke((31 + step * 3.4, 80), (30 + step * 3.4, 85), thick=0.9, fill=p.dark)


def bag(p: Pencil) -> None:
    p.ring(50, 38, 28, 3, p.line)
    p.shape((28, 40), (72, 40), (78, 80), (22, 80), fill=p.body)
    p.box(28, 40, 72, 46, p.dark)
    p.oval(50, 52, 5, 5, (226, 190, 110))


def shirt(p: Pencil) -> None:
    p.shape(
        (34, 28),
        (66, 28),
        (84, 44),
        (76, 54),
        (68, 47),
        (68, 80),
        (32, 80),
        (32, 47),
        (24, 54),
        (16, 44),
        fill=p.body,
    )
    p.shape((42, 28), (58, 28), (50, 40), fill=p.dark)
    for y in (48, 57, 66):
        p.oval(50, y, 2, 2, p.line)


def jumper(p: Pencil) -> None:
    p.shape(
        (36, 28),
        (64, 28),
        (80, 40),
        (86, 74),
        (76, 76),
        (69, 52),
        (68, 80),
        (32, 80),
        (31, 52),
        (24, 76),
        (14, 74),
        (20, 40),
        fill=p.body,
    )
    p.oval(50, 28, 20, 8, p.dark)
    for y in (44, 54, 64):
        p.stroke((33, y), (40, y + 4), (50, y), (60, y + 4), (67, y), thick=1.2, fill=p.light)
    p.box(32, 77, 68, 81, p.dark)


def boots(p: Pencil) -> None:
    for shift in (0, 24):
        p.shape(
            (28 + shift, 26),
            (44 + shift, 26),
            (44 + shift, 58),
            (56 + shift, 66),
            (56 + shift, 74),
            (28 + shift, 74),
            fill=p.body,
        )
        p.box(27 + shift, 74, 57 + shift, 78, p.line, 1)
        p.box(28 + shift, 26, 44 + shift, 30, p.dark)


def hat(p: Pencil) -> None:
    p.oval(50, 66, 72, 18, p.dark)
    p.shape((32, 64), (36, 36), (64, 36), (68, 64), fill=p.body)
    p.oval(50, 37, 28, 9, p.light)
    p.box(32, 58, 68, 65, p.line)


def soap(p: Pencil) -> None:
    p.box(26, 46, 74, 72, p.body, 9)
    p.box(34, 53, 66, 65, p.light, 6)
    for x, y, size in ((66, 38, 9), (74, 32, 6), (60, 31, 5)):
        p.ring(x, y, size, 0.7, p.dark)


def bottle(p: Pencil) -> None:
    p.box(45, 22, 55, 34, p.line, 2)
    p.box(36, 34, 64, 80, p.body, 7)
    p.box(40, 50, 60, 68, (246, 242, 234), 2)
    p.oval(50, 59, 9, 9, p.dark)


def notebook(p: Pencil) -> None:
    p.box(32, 26, 70, 80, p.dark, 2)
    p.box(30, 24, 68, 78, p.body, 2)
    p.box(34, 24, 37, 78, p.line)
    p.box(42, 34, 62, 44, (246, 242, 234), 1)


def card(p: Pencil) -> None:
    p.shape((24, 40), (64, 30), (74, 62), (34, 72), fill=p.dark)
    p.box(28, 40, 74, 72, p.body, 2)
    p.shape((28, 42), (51, 58), (74, 42), (74, 40), (28, 40), fill=p.light)


SHAPES: dict[str, Callable[[Pencil], None]] = {
    drawing.__name__: drawing
    for drawing in (
        mug, bowl, plate, teapot, vase, lamp, candle, cushion, rug, chair,
        scarf, bag, shirt, jumper, boots, hat, soap, bottle, notebook, card,
    )
}  # fmt: skip

GROUNDS: tuple[RGB, ...] = (
    (244, 239, 230),
    (233, 238, 236),
    (240, 232, 232),
    (232, 234, 242),
    (238, 240, 228),
)


def draw(good: Good, random: Random) -> bytes:
    """A JPEG of `SIZE` × `SIZE` pixels, the same one for the same random state."""
    ground = random.choice(GROUNDS)
    image = Image.new("RGB", (_BOX, _BOX), ground)
    pencil = Pencil(image, good.colour.rgb)
    pencil.box(0, 72, 100, 100, shade(ground, 0.94))
    pencil.oval(50, 80, 66, 8, shade(ground, 0.84))
    SHAPES[good.kind.shape](pencil)
    out = BytesIO()
    image.reduce(_SCALE).save(out, "JPEG", quality=82)
    return out.getvalue()
