"""Lines over time."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.html import format_html
from django.utils.safestring import SafeString

from etalage.kit.chart import Chart, Series
from etalage.web.charts.frame import COLOURS, DASHES, Frame, Size, figure


def line(chart: Chart, language: str) -> SafeString:
    """Draw `chart` as lines; each differs in colour and in dash, and a gap stands where a value is unknown."""
    known = [float(value) for series in chart.series for value in series.values if value is not None]
    last = max(1, len(chart.labels) - 1)

    def draw(size: Size) -> SafeString:
        frame = Frame.around(chart, language, size, known)

        def across(place: int) -> float:
            return frame.x(place / last if len(chart.labels) > 1 else 0.5)

        lines = [_line(frame, series, place, across) for place, series in enumerate(chart.series)]
        return frame.picture(frame.grid(), frame.labels(across), *lines)

    return figure(chart, language, "line", draw)


def _line(frame: Frame, series: Series, place: int, across: Callable[[int], float]) -> SafeString:
    path, pen_up = "", True
    end: tuple[float, float] | None = None
    for index, value in enumerate(series.values):
        if value is None:
            pen_up = True
            continue
        end = (across(index), frame.y(float(value)))
        path += f"{'M' if pen_up else 'L'}{end[0]} {end[1]}"
        pen_up = False
    if end is None:
        return SafeString("")
    return format_html(
        '<g class="series-{}"><path class="chart-line" d="{}" stroke-dasharray="{}"></path>'
        '<circle class="chart-dot" cx="{}" cy="{}" r="4"></circle></g>',
        *(place % COLOURS + 1, path, DASHES[place % len(DASHES)] or "none", *end),
    )
