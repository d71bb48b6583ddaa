"""What line and bar charts share: sizes, scale, axis, words around the picture, and the table of the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import count

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from etalage.kit import formats
from etalage.kit.chart import Chart
from etalage.kit.money import Money, exponent
from etalage.kit.text import language_direction

TOP, BOTTOM, MARGIN = 12, 30, 14
STEPS = 4
COLOURS = 6
DASHES = ("", "8 5", "2 5", "12 4 2 4", "5 3", "1 4")
_ids = count(1)


@dataclass(frozen=True)
class Size:
    """A picture's width and height; the style sheet shows the one that fits its place, so that words stay readable."""

    name: str
    width: int
    height: int


SIZES = (Size("narrow", 360, 230), Size("middle", 640, 280), Size("wide", 1040, 320))


@dataclass(frozen=True)
class Frame:
    """The drawing area of one chart, in one language and one size."""

    chart: Chart
    language: str
    size: Size
    low: float
    high: float
    step: float

    @classmethod
    def around(cls, chart: Chart, language: str, size: Size, values: list[float]) -> Frame:
        """A frame whose axis runs from zero (or below) to a round number above the highest value."""
        highest, lowest = max([*values, 0]), min([*values, 0])
        step = round_step((highest - lowest) / STEPS, chart.unit)
        low, high = math.floor(lowest / step) * step, math.ceil(highest / step) * step
        return cls(chart, language, size, low, high if high > low else low + step, step)

    @cached_property
    def mirrored(self) -> bool:
        """Time runs from right to left, and the axis stands at the right."""
        return language_direction(self.language) == "rtl"

    @cached_property
    def ticks(self) -> list[tuple[float, str]]:
        """The values on the axis and how they are written."""
        lines = round((self.high - self.low) / self.step)
        values = [self.low + number * self.step for number in range(lines + 1)]
        return [(value, short(value, self.chart.unit, self.language)) for value in values]

    @cached_property
    def inset(self) -> float:
        """Room for the axis's words."""
        return 16 + 7.5 * max(len(words) for _value, words in self.ticks)

    def x(self, share: float) -> float:
        """Place across, for a share (0 to 1) of the reading direction."""
        place = self.inset + share * (self.size.width - self.inset - MARGIN)
        return round(self.size.width - place if self.mirrored else place, 1)

    def y(self, value: float) -> float:
        """Height of a value."""
        inside = self.size.height - TOP - BOTTOM
        return round(TOP + inside * (1 - (value - self.low) / (self.high - self.low)), 1)

    def grid(self) -> SafeString:
        """Horizontal lines with their values at the side where reading starts."""
        anchor, aside = ("start", 10) if self.mirrored else ("end", -10)
        start, end = self.x(0), self.x(1)
        rows = []
        for value, words in self.ticks:
            css = "chart-base" if abs(value) < self.step / 1000 else "chart-grid"
            height = self.y(value)
            rows.append((css, start, end, height, height, round(start + aside, 1), height + 4, anchor, words))
        return format_html_join(
            "",
            '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"></line>'
            # Numbers keep their own direction: in a right-to-left page "end" would mean the other side.
            '<text x="{}" y="{}" text-anchor="{}" direction="ltr">{}</text>',
            rows,
        )

    def labels(self, at: Callable[[int], float]) -> SafeString:
        """Words under the axis: as many as fit, evenly spaced, the last one among them."""
        total = len(self.chart.labels)
        longest = max((len(label) for label in self.chart.labels), default=1)
        fitting = max(2, min(10, int((self.size.width - self.inset) / (longest * 8 + 22))))
        every = max(1, math.ceil(total / fitting))
        direction = "rtl" if self.mirrored else "ltr"
        return format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="middle" direction="{}">{}</text>',
            (
                (at(place), self.size.height - 8, direction, self.chart.labels[place])
                for place in range(total)
                if (total - 1 - place) % every == 0
            ),
        )

    def picture(self, *parts: SafeString) -> SafeString:
        """The SVG element around what was drawn."""
        number = next(_ids)
        return format_html(
            '<svg class="chart-svg {}" viewBox="0 0 {} {}" role="img" aria-labelledby="chart-{}-title chart-{}-desc">'
            '<title id="chart-{}-title">{}</title><desc id="chart-{}-desc">{}</desc>{}</svg>',
            *(self.size.name, self.size.width, self.size.height, number, number, number, self.chart.title),
            *(number, self.chart.description or summary(self.chart, self.language), together(parts)),
        )


def figure(chart: Chart, language: str, kind: str, draw: Callable[[Size], SafeString]) -> SafeString:
    """The whole figure: a picture per size, legend, and table."""
    rows = [
        (label, [exact(series.values[place], chart.unit, language) for series in chart.series])
        for place, label in enumerate(chart.labels)
    ]
    keys = [
        {"name": series.name, "css": f"series-{place % COLOURS + 1}", "dash": DASHES[place % len(DASHES)]}
        for place, series in enumerate(chart.series)
    ]
    pictures = together([draw(size) for size in SIZES])
    context = {"chart": chart, "pictures": pictures, "rows": rows, "keys": keys, "kind": kind}
    return render_to_string("web/parts/chart.html", context)


def together(parts: list[SafeString] | tuple[SafeString, ...]) -> SafeString:
    """Join parts that are escaped already."""
    return mark_safe("".join(parts))  # noqa: S308 - every part is a SafeString


def round_step(rough: float, unit: str) -> float:
    """The next step up of 1, 2, 2.5 or 5 times a power of ten; never below 1 for things that are counted."""
    if rough <= 0:
        return 0.25 if unit == "percent" else 1.0 if unit == "number" else float(10 ** exponent(unit))
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999999)
    return max(1.0, float(math.ceil(step))) if unit == "number" and step < 10 else step


def summary(chart: Chart, language: str) -> str:
    """First and last value of each series, for those who do not see the picture."""
    if not chart.labels:
        return ""
    return " ".join(
        f"{series.name}: {chart.labels[0]} {exact(series.values[0], chart.unit, language)}, "
        f"{chart.labels[-1]} {exact(series.values[-1], chart.unit, language)}."
        for series in chart.series
    )


def exact(value: float | None, unit: str, language: str) -> str:
    """A value in full, as the table shows it."""
    if value is None:
        return "\u2013"
    if unit == "percent":
        return formats.format_percent(value, language, digits=1)
    if unit == "number":
        return formats.format_number(value, language)
    return formats.format_money(Money(round(value), unit), language)


def short(value: float, unit: str, language: str) -> str:
    """A value as the axis shows it: in major units, without the currency."""
    if unit == "percent":
        return formats.format_percent(value, language)
    if unit == "number":
        return formats.format_number(round(value, 6), language)
    return formats.format_number(Decimal(str(value)).scaleb(-exponent(unit)).normalize(), language)
