"""Bars, side by side or stacked."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from etalage.kit.chart import Chart
from etalage.web.charts.frame import COLOURS, Frame


def bars(chart: Chart, language: str) -> SafeString:
    """Draw `chart` as bars; negative values hang below the base line."""
    frame = Frame.around(chart, language, _extremes(chart))
    slot = 1 / max(1, len(chart.labels))

    def middle(place: float) -> float:
        return frame.x((place + 0.5) * slot)

    drawn = [frame.grid(), frame.labels(middle)]
    for place in range(len(chart.labels)):
        drawn.append(_stack(frame, place, slot) if chart.stacked else _side_by_side(frame, place, slot))
    return frame.finish(mark_safe("".join(drawn)), "bar")  # noqa: S308 - every part was escaped above


def _extremes(chart: Chart) -> list[float]:
    """The values that the axis has to reach."""
    columns = [
        [float(series.values[place] or 0) for series in chart.series] for place in range(len(chart.labels))
    ]
    if not chart.stacked:
        return [value for column in columns for value in column]
    tops = [sum(value for value in column if value > 0) for column in columns]
    return tops + [sum(value for value in column if value < 0) for column in columns]


def _side_by_side(frame: Frame, place: int, slot: float) -> SafeString:
    series = frame.chart.series
    width = slot * 0.72 / max(1, len(series))
    drawn = []
    for number, one in enumerate(series):
        value = float(one.values[place] or 0)
        start = place * slot + slot * 0.14 + number * width
        drawn.append(_bar(frame, number, (start, start + width), (0.0, value)))
    return mark_safe("".join(drawn))  # noqa: S308 - made of escaped parts


def _stack(frame: Frame, place: int, slot: float) -> SafeString:
    span = (place * slot + slot * 0.18, place * slot + slot * 0.82)
    above = below = 0.0
    drawn = []
    for number, one in enumerate(frame.chart.series):
        value = float(one.values[place] or 0)
        base = above if value >= 0 else below
        drawn.append(_bar(frame, number, span, (base, base + value)))
        above, below = (above + value, below) if value >= 0 else (above, below + value)
    return mark_safe("".join(drawn))  # noqa: S308 - made of escaped parts


def _bar(frame: Frame, number: int, span: tuple[float, float], values: tuple[float, float]) -> SafeString:
    left, right = sorted((frame.x(span[0]), frame.x(span[1])))
    top, bottom = sorted((frame.y(values[0]), frame.y(values[1])))
    if bottom == top:
        return mark_safe("")
    return format_html(
        '<rect class="chart-bar series-{}" x="{}" y="{}" width="{}" height="{}" rx="2"></rect>',
        *(number % COLOURS + 1, left, top, round(right - left, 1), round(bottom - top, 1)),
    )
