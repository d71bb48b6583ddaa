"""Figures as the results pages show them: cards, the chart, and a table whose rows sum to its total."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from etalage.insights.comparing import change
from etalage.insights.reports import DayPoint, Period, Report, ReportRow, Totals
from etalage.kit.chart import Chart, Series
from etalage.kit.formats import format_date
from etalage.kit.money import Money, total

DAYS_SHOWN_SINGLY = 62
DAYS_SHOWN_BY_WEEK = 400
NOTHING = "\u2013"


@dataclass(frozen=True)
class Changes:
    """Signed ratios against the period before; None where that one had nothing to compare with.

    `no_sales_before` and `no_visits_before` say that it began before anything was known.
    """

    net: float | None
    attributed: float | None
    orders: float | None
    clicks: float | None
    no_sales_before: bool
    no_visits_before: bool


@dataclass(frozen=True)
class Sums:
    """The end of a table: what the rows leave over, what nobody led to, and the whole."""

    rest: Money
    not_attributed: Money
    net: Money
    not_attributed_share: float | None


def changes(now: Totals, before: Totals, *, sales_known: bool, visits_known: bool) -> Changes:
    """How the sums moved since the period before, as far as that was known from its first day on."""
    return Changes(
        net=change(now.net.minor, before.net.minor if before.orders else 0) if sales_known else None,
        attributed=change(now.attributed.minor, before.attributed.minor)
        if sales_known and visits_known
        else None,
        orders=change(now.orders, before.orders) if sales_known else None,
        clicks=change(now.clicks, before.clicks) if visits_known else None,
        no_sales_before=not sales_known,
        no_visits_before=not visits_known,
    )


def sums_of(report: Report) -> Sums:
    """What stands under the rows of a report, so that everything sums to the net sales to the cent."""
    shown = total((row.credited for row in report.rows), report.totals.net.currency)
    net = report.totals.net
    share = report.not_attributed.minor / net.minor if net.minor > 0 else None
    return Sums(report.totals.attributed - shown, report.not_attributed, net, share)


def with_bars(rows: Sequence[ReportRow]) -> list[tuple[ReportRow, int | None]]:
    """Each row with the length of its bar, 0 to 100, beside the highest; none where there is nothing to compare."""
    highest = max((row.credited.minor for row in rows if row.key), default=0)
    return [(row, _length(row, highest) if row.key and highest > 0 else None) for row in rows]


def _length(row: ReportRow, highest: int) -> int:
    return max(0, 100 * row.credited.minor // highest)


def rest_of_models(rows: Sequence[ReportRow], sums: Totals) -> dict[str, Money]:
    """What the rows leave over in each model."""
    names = rows[0].models if rows else {}
    currency = sums.net.currency
    return {name: sums.attributed - total((row.models[name] for row in rows), currency) for name in names}


def sales_chart(points: Sequence[DayPoint], currency: str, language: str) -> Chart:
    """Sales over time, those that posts led to apart; by day, by week or by month, as many as can be read."""
    spans = list(_spans(points))
    led = [sum(point.attributed.minor for point in span) for span in spans]
    other = [sum(point.net.minor for point in span) - part for span, part in zip(spans, led, strict=True)]
    return Chart(
        title=_("Sales over time"),
        labels=[_span_name(span, language) for span in spans],
        series=[Series(_("Led by posts"), led), Series(_("Other sales"), other)],
        unit=currency,
        stacked=True,
    )


def _spans(points: Sequence[DayPoint]) -> Iterable[Sequence[DayPoint]]:
    if len(points) <= DAYS_SHOWN_SINGLY:
        return [[point] for point in points]
    if len(points) <= DAYS_SHOWN_BY_WEEK:
        # Whole weeks back from the last day: only the oldest may be short.
        starts = [max(0, end - 7) for end in range(len(points), 0, -7)]
        return [points[start:end] for start, end in zip(starts, range(len(points), 0, -7), strict=True)][::-1]
    months: dict[date, list[DayPoint]] = {}
    for point in points:
        months.setdefault(point.day.replace(day=1), []).append(point)
    return months.values()


def _span_name(span: Sequence[DayPoint], language: str) -> str:
    first = span[0].day
    return format_date(first, language, "month" if len(span) > 7 else "day_month")


def models_chart(rows: Sequence[ReportRow], names: dict[str, str], currency: str) -> Chart:
    """The first few rows that are something, with what each model gives them, side by side."""
    few = [row for row in rows if row.key][:5]
    return Chart(
        title=_("The same sales, shared in five ways"),
        labels=[row.label if len(row.label) <= 16 else f"{row.label[:15].rstrip()}…" for row in few],
        series=[Series(label, [row.models[name].minor for row in few]) for name, label in names.items()],
        unit=currency,
    )


def span_text(period: Period, language: str) -> str:
    """A period in words, such as “25 Oct 2026 – 21 Nov 2026”."""
    first, last = format_date(period.first, language), format_date(period.last, language)
    return first if period.days == 1 else f"{first} {NOTHING} {last}"
