"""Lines over time."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from etalage.kit.chart import Chart, Series
from etalage.web.charts.frame import COLOURS, DASHES, Frame


def line(chart: Chart, language: str) -> SafeString:
    """Draw `chart` as lines; each differs in colour and in dash, and a gap stands where a value is unknown."""
    known = [float(value) for series in chart.series for value in series.values if value is not None]
    frame = Frame.around(chart, language, known)
    last = max(1, len(chart.labels) - 1)

    def across(place: float) -> float:
        return frame.x(place / last if len(chart.labels) > 1 else 0.5)

    drawing = [frame.grid(), frame.labels(across)]
    drawing += [_draw(frame, series, place, across) for place, series in enumerate(chart.series)]
    return frame.finish(mark_safe("".join(drawing)), "line")  # noqa: S308 - every part was escaped above


def _draw(frame: Frame, series: Series, place: int, across: object) -> SafeString:
    assert callable(across)
    path, pen_up = "", True
    points: list[tuple[float, float]] = []
    for index, value in enumerate(series.values):
        if value is None:
            pen_up = True
            continue
        x, y = across(index), frame.y(float(value))
        path += f"{'M' if pen_up else 'L'}{x} {y}"
        points.append((x, y))
        pen_up = False
    if not points:
        return mark_safe("")
    css = f"series-{place % COLOURS + 1}"
    end_x, end_y = points[-1]
    return format_html(
        '<g class="{}"><path class="chart-line" d="{}" stroke-dasharray="{}"></path>'
        '<circle class="chart-dot" cx="{}" cy="{}" r="4"></circle></g>',
        *(css, path, DASHES[place % len(DASHES)] or "none", end_x, end_y),
    )
