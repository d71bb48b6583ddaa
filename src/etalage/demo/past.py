"""The six weeks behind the demo: how much happened, when, and ids that sort as if they had been made then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from etalage.kit import clock
from etalage.kit.ids import UNAMBIGUOUS

WEEKS = 6
ZONE = "Europe/Brussels"
# How busy each day is, Monday first: the week-end is when people shop.
BUSY = (0.7, 0.7, 0.95, 0.85, 1.25, 2.1, 1.3)
OPENS, CLOSES = 10.0, 18.5  # hours of the day in every store


@dataclass(frozen=True)
class Scale:
    """How large a shop the demo makes. The figures are counts over the whole six weeks."""

    products: int = 260
    posts: int = 76
    customers: int = 520
    till_sales: int = 1500  # of people whom nobody knows
    card_sales: int = 420
    online_sales: int = 400
    reservations: int = 190  # beside those that posts lead to
    open_reservations: int = 12
    expired_reservations: int = 24
    shelf_visits: int = 220  # scans of codes in the stores


SMALL = Scale(
    products=30, posts=14, customers=60, till_sales=70, card_sales=30, online_sales=30, reservations=20,
    open_reservations=6, expired_reservations=4, shelf_visits=20,
)  # fmt: skip


class Past:
    """Moments between six weeks ago and now, by chance but the same for the same seed and the same now."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.seed, self.now = seed, now
        self.start = now - timedelta(weeks=WEEKS)
        self.zone: ZoneInfo = clock.zone(ZONE)
        self.random = Random(f"{seed}:past")  # noqa: S311 chance in a play, not a secret
        first, last = clock.local_day(self.start, self.zone), clock.local_day(now, self.zone)
        self.days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self._weights = [BUSY[day.weekday()] for day in self.days]

    def chance(self, topic: str) -> Random:
        """A source of chance of its own, so that more of one thing changes nothing about another."""
        return Random(f"{self.seed}:{topic}")  # noqa: S311 chance in a play, not a secret

    def at(self, day: date, hour: float) -> datetime:
        """A moment of a local day; `hour` may have a fraction."""
        moment = datetime.combine(day, time.min, tzinfo=self.zone) + timedelta(hours=hour)
        return moment.astimezone(self.now.tzinfo)

    def in_store(self) -> datetime:
        """A moment at which a store was open, rather on a Saturday afternoon than on a Monday morning."""
        return self._moment(lambda: self.random.triangular(OPENS, CLOSES, 15.5))

    def online(self) -> datetime:
        """A moment at which people sit at home with their phone, rather in the evening."""
        return self._moment(lambda: self.random.triangular(7.0, 23.9, 20.5))

    def _moment(self, hour: Callable[[], float]) -> datetime:
        while True:
            day = self.random.choices(self.days, self._weights)[0]
            moment = self.at(day, hour())
            if self.start < moment < self.now - timedelta(minutes=5):
                return moment

    def open_after(self, moment: datetime, hours: float) -> datetime | None:
        """The first opening moment at least `hours` later; None when that lies ahead."""
        local = (moment + timedelta(hours=hours)).astimezone(self.zone)
        clock_hour = local.hour + local.minute / 60
        if clock_hour < OPENS:
            later = self.at(local.date(), OPENS + self.random.uniform(0.1, 3))
        elif clock_hour > CLOSES:
            later = self.at(local.date() + timedelta(days=1), OPENS + self.random.uniform(0.1, 3))
        else:
            later = local.astimezone(self.now.tzinfo)
        return later if later < self.now else None

    def id_at(self, moment: datetime) -> UUID:
        """A UUIDv7 as it would have been made at that moment."""
        millis = clock.to_micros(moment) // 1000
        tail_a, tail_b = self.random.getrandbits(12), self.random.getrandbits(62)
        return UUID(int=millis << 80 | 0x7 << 76 | tail_a << 64 | 0b10 << 62 | tail_b)

    def code(self, length: int) -> str:
        """A code of signs that cannot be mistaken for each other."""
        return "".join(self.random.choices(UNAMBIGUOUS, k=length))
