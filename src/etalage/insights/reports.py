"""What a report is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from etalage.accounts.models import Store
from etalage.kit.money import Money


class Period(NamedTuple):
    """Days from `first` to `last`, both included, in the business's zone."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def previous(self) -> Period:
        """The period of the same length just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))


def period_named(name: str, today: date) -> Period:
    """ "7d", "28d", "90d" end today; "month" is this one so far, "last-month" the whole one before.

    Raises ValueError for another name.
    """
    match name:
        case "7d" | "28d" | "90d":
            return Period(today - timedelta(days=int(name[:-1]) - 1), today)
        case "month":
            return Period(today.replace(day=1), today)
        case "last-month":
            end = today.replace(day=1) - timedelta(days=1)
            return Period(end.replace(day=1), end)
    raise ValueError(name)


@dataclass(frozen=True)
class Totals:
    """The sums of a period. `net` is what stayed after refunds; loose refunds name no sale and are told apart."""

    orders: int
    attributed_orders: int
    gross: Money
    net: Money
    attributed: Money
    online: Money
    loose_refunds: Money
    clicks: int

    @property
    def not_attributed(self) -> Money:
        """Sales that no touch led to, as far as known."""
        return self.net - self.attributed

    @property
    def in_store(self) -> Money:
        """Sales closed in a store."""
        return self.net - self.online


@dataclass(frozen=True)
class ReportRow:
    """One post, channel, … with what it was credited with. `clicks` is None where clicks cannot be told."""

    key: UUID | None
    label: str
    language: str
    note: str
    url: str
    clicks: int | None
    orders: int
    credited: Money
    share: float | None
    picture: str = ""
    models: dict[str, Money] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Rows sorted by what they were credited with, the most first; with `not_attributed` they sum to the net sales."""

    period: Period
    model: str
    by: str
    store: Store | None
    rows: list[ReportRow]
    not_attributed: Money
    totals: Totals
    older: bool


class Known(NamedTuple):
    """Since which day sales and visits are known. A period that began before cannot be compared with."""

    sales: date | None
    visits: date | None

    def covers_sales(self, period: Period) -> bool:
        """Whether sales were known from the first day of the period on."""
        return self.sales is not None and self.sales <= period.first

    def covers_visits(self, period: Period) -> bool:
        """Whether visits were known from the first day of the period on."""
        return self.visits is not None and self.visits <= period.first


class DayPoint(NamedTuple):
    """One day of the chart."""

    day: date
    net: Money
    attributed: Money
    clicks: int


@dataclass(frozen=True)
class JourneyStep:
    """One touch of an order's journey and what it earned, per model."""

    kind: str
    happened_at: datetime
    label: str
    channel: str
    url: str
    credited: dict[str, Money]


@dataclass(frozen=True)
class PostResults:
    """What one post has brought since it stands: visits, orders that it led to, and the credit in each model."""

    visits: int
    orders: int
    credited: dict[str, Money]
