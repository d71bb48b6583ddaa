"""What line and bar charts share: scale, axis, words around the picture, and the table of the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from etalage.kit import formats
from etalage.kit.chart import Chart
from etalage.kit.money import Money, exponent
from etalage.kit.text import language_direction

WIDTH, HEIGHT = 720, 280
TOP, BOTTOM, LABELS, MARGIN = 14, 30, 64, 12
STEPS = 4
COLOURS = 6
DASHES = ("", "8 5", "2 5", "12 4 2 4", "5 3", "1 4")
Placer = Callable[[float], float]
_ids = count(1)


@dataclass(frozen=True)
class Frame:
    """The drawing area of one chart in one language."""

    chart: Chart
    language: str
    low: float
    high: float
    step: float

    @classmethod
    def around(cls, chart: Chart, language: str, values: list[float]) -> Frame:
        """A frame whose axis runs from zero (or below) to a round number above the highest value."""
        highest, lowest = max([*values, 0]), min([*values, 0])
        step = round_step((highest - lowest) / STEPS, whole=chart.unit == "number")
        return cls(
            chart, language, math.floor(lowest / step) * step, math.ceil(highest / step) * step or step, step
        )

    @property
    def mirrored(self) -> bool:
        """Time runs from right to left, and the axis stands at the right."""
        return language_direction(self.language) == "rtl"

    def x(self, share: float) -> float:
        """Place across, for a share (0 to 1) of the reading direction."""
        inside = WIDTH - LABELS - MARGIN
        place = LABELS + share * inside
        return round(WIDTH - place if self.mirrored else place, 1)

    def y(self, value: float) -> float:
        """Height of a value."""
        inside = HEIGHT - TOP - BOTTOM
        return round(TOP + inside * (1 - (value - self.low) / (self.high - self.low)), 1)

    def grid(self) -> SafeString:
        """Horizontal lines with their values at the side where reading starts."""
        lines = round((self.high - self.low) / self.step)
        anchor = "start" if self.mirrored else "end"
        # Text is anchored by its own direction: Arabic words would turn "end" round.
        rows = []
        for number in range(lines + 1):
            value = self.low + number * self.step
            style = "chart-base" if abs(value) < self.step / 1000 else "chart-grid"
            rows.append(
                (style, self.x(0), self.x(1), self.y(value), self.y(value), *self._axis(value, anchor))
            )
        return format_html_join(
            "",
            '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"></line>'
            '<text x="{}" y="{}" text-anchor="{}" direction="ltr">{}</text>',
            rows,
        )

    def _axis(self, value: float, anchor: str) -> tuple[float, float, str, str]:
        place = self.x(0) + (10 if self.mirrored else -10)
        return place, self.y(value) + 4, anchor, short(value, self.chart.unit, self.language)

    def labels(self, at: Placer) -> SafeString:
        """Words under the axis: as many as fit, evenly spaced, the last one among them."""
        total = len(self.chart.labels)
        longest = max((len(label) for label in self.chart.labels), default=1)
        fitting = max(2, min(8, int((WIDTH - LABELS) / (longest * 7.5 + 18))))
        every = max(1, math.ceil(total / fitting))
        direction = "rtl" if self.mirrored else "ltr"
        return format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="middle" direction="{}">{}</text>',
            (
                (at(place), HEIGHT - 8, direction, self.chart.labels[place])
                for place in range(total)
                if (total - 1 - place) % every == 0
            ),
        )

    def finish(self, drawing: SafeString, kind: str) -> SafeString:
        """The whole figure: picture, legend, and table."""
        chart = self.chart
        number = next(_ids)
        svg = format_html(
            '<svg class="chart-svg" viewBox="0 0 {} {}" role="img" aria-labelledby="chart-{}-title chart-{}-desc">'
            '<title id="chart-{}-title">{}</title><desc id="chart-{}-desc">{}</desc>{}</svg>',
            *(
                WIDTH,
                HEIGHT,
                number,
                number,
                number,
                chart.title,
                number,
                chart.description or summary(self),
                drawing,
            ),
        )
        rows = [
            (label, [exact(series.values[place], chart.unit, self.language) for series in chart.series])
            for place, label in enumerate(chart.labels)
        ]
        keys = [
            {"name": series.name, "css": f"series-{place % COLOURS + 1}", "dash": DASHES[place % len(DASHES)]}
            for place, series in enumerate(chart.series)
        ]
        context = {"chart": chart, "svg": svg, "rows": rows, "keys": keys, "kind": kind}
        return render_to_string("web/parts/chart.html", context)


def round_step(rough: float, *, whole: bool) -> float:
    """The next step up of 1, 2, 2.5 or 5 times a power of ten; never below 1 for things that are counted."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999999)
    return max(1.0, math.ceil(step)) if whole and step < 10 else step


def summary(frame: Frame) -> str:
    """First and last value of each series, for those who do not see the picture."""
    chart = frame.chart
    if not chart.labels:
        return ""
    parts = []
    for series in chart.series:
        first = exact(series.values[0], chart.unit, frame.language)
        last = exact(series.values[-1], chart.unit, frame.language)
        parts.append(f"{series.name}: {chart.labels[0]} {first}, {chart.labels[-1]} {last}.")
    return " ".join(parts)


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
    """A value as the axis shows it: whole units, no currency."""
    if unit == "percent":
        return formats.format_percent(value, language)
    if unit == "number":
        return formats.format_number(round(value, 6), language)
    units = Decimal(str(value)).scaleb(-exponent(unit))
    return formats.format_number(units.normalize() if units % 1 else int(units), language)
