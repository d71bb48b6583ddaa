"""What sold: today, yesterday, the last seven days, and what led there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import get_language

from etalage.insights import queries
from etalage.insights.comparing import change
from etalage.insights.reports import DayPoint, Period, ReportRow
from etalage.kit.money import Money, total
from etalage.orders.models import Order
from etalage.orders.queries.sales import recent_sales

WEEK = 7


@dataclass(frozen=True)
class Sale:
    """One line of the ticker."""

    order: Order
    amount: Money


@dataclass(frozen=True)
class Sold:
    """The figures of the pane. `change` is the week against the one before; None without one to compare with.

    `comparable` is False where that one began before any sale was known.
    """

    today: Money
    yesterday: Money
    week: Money
    change: float | None
    comparable: bool
    led: Money
    led_share: float | None
    days: list[int]
    visits: int
    best: ReportRow | None
    latest: list[Sale]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was sold in the week."""
        return self.week.is_zero and not self.latest


def what_sold() -> Sold:
    """The figures of now, in a constant number of queries."""
    today = queries.today()
    points = queries.by_day(Period(today - timedelta(days=2 * WEEK - 1), today))
    currency = points[-1].net.currency
    before, week = points[:WEEK], points[WEEK:]
    sold, sold_before = _net(week, currency), _net(before, currency)
    comparable = queries.known_since().covers_sales(Period(before[0].day, before[-1].day))
    led = total((point.attributed for point in week), currency)
    rows = queries.report(Period(week[0].day, today), by="post", language=get_language() or "en", size=2).rows
    return Sold(
        today=points[-1].net,
        yesterday=points[-2].net,
        week=sold,
        change=change(sold.minor, sold_before.minor) if comparable else None,
        comparable=comparable,
        led=led,
        led_share=led.minor / sold.minor if sold.minor > 0 else None,
        days=[point.net.minor for point in points],
        visits=sum(point.clicks for point in week),
        # What no post led to, such as a shelf label, is no best post.
        best=next((row for row in rows if row.key and row.credited.minor > 0), None),
        latest=[Sale(order, Money(order.total_minor, order.currency)) for order in recent_sales()],
    )


def _net(points: list[DayPoint], currency: str) -> Money:
    return total((point.net for point in points), currency)
