"""Bars, side by side or stacked."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from etalage.kit.chart import Chart
from etalage.web.charts.frame import COLOURS, Frame, Size, figure


def bars(chart: Chart, language: str) -> SafeString:
    """Draw `chart` as bars; negative values hang below the base line."""
    values = _extremes(chart)
    slot = 1 / max(1, len(chart.labels))

    def draw(size: Size) -> SafeString:
        frame = Frame.around(chart, language, size, values)
        column = _stack if chart.stacked else _side_by_side
        drawn = [part for place in range(len(chart.labels)) for part in column(frame, place, slot)]
        return frame.picture(frame.grid(), frame.labels(lambda place: frame.x((place + 0.5) * slot)), *drawn)

    return figure(chart, language, "bar", draw)


def _extremes(chart: Chart) -> list[float]:
    """The values that the axis has to reach."""
    columns = [[float(one.values[place] or 0) for one in chart.series] for place in range(len(chart.labels))]
    if not chart.stacked:
        return [value for column in columns for value in column]
    tops = [sum(value for value in column if value > 0) for column in columns]
    return tops + [sum(value for value in column if value < 0) for column in columns]


def _side_by_side(frame: Frame, place: int, slot: float) -> list[SafeString]:
    series = frame.chart.series
    width = slot * 0.72 / max(1, len(series))
    starts = [place * slot + slot * 0.14 + number * width for number in range(len(series))]
    return [
        _bar(frame, number, (start, start + width), (0.0, float(one.values[place] or 0)))
        for number, (start, one) in enumerate(zip(starts, series, strict=True))
    ]


def _stack(frame: Frame, place: int, slot: float) -> list[SafeString]:
    span = (place * slot + slot * 0.18, place * slot + slot * 0.82)
    above = below = 0.0
    drawn = []
    for number, one in enumerate(frame.chart.series):
        value = float(one.values[place] or 0)
        base = above if value >= 0 else below
        drawn.append(_bar(frame, number, span, (base, base + value)))
        above, below = (above + value, below) if value >= 0 else (above, below + value)
    return drawn


def _bar(frame: Frame, number: int, span: tuple[float, float], values: tuple[float, float]) -> SafeString:
    left, right = sorted((frame.x(span[0]), frame.x(span[1])))
    top, bottom = sorted((frame.y(values[0]), frame.y(values[1])))
    if bottom == top:
        return SafeString("")
    return format_html(
        '<rect class="chart-bar series-{}" x="{}" y="{}" width="{}" height="{}" rx="2"></rect>',
        *(number % COLOURS + 1, left, top, round(right - left, 1), round(bottom - top, 1)),
    )
