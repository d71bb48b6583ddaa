"""The clock of leases, settling times and keys' ages: one that does not jump with a worker's wall clock.

It is the jobs' lease clock, read as whole milliseconds: on PostgreSQL the wall clock of the database's machine, which
all workers share and which must not jump, and the time since the machine started on SQLite. What was counted on another
clock, before a restart of the machine, says nothing: a lease of it has ended, and what was to settle settles anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from etalage.jobs.leaseclock import clock_name, seconds
from etalage.publishing.delivery.pace import pace

__all__ = [
    "clock_name",
    "is_held",
    "is_over",
    "lease",
    "millis",
    "now",
    "of_another_clock",
    "over",
    "running",
    "seconds",
]


def now() -> int:
    """The lease clock's milliseconds now. Read it before the statement it is for: then no lease ends too late."""
    if connection.vendor != "postgresql":
        return int(seconds() * 1000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint")
        return int(cursor.fetchone()[0])


def millis(length: timedelta) -> int:
    """A length of time in whole milliseconds, rounded up."""
    return -(-length // timedelta(milliseconds=1))


def lease(at: int) -> dict[str, Any]:
    """The fields of a lease that begins at `at`."""
    return {"lease_clock": clock_name(), "leased_until": at + millis(pace().lease)}


def running(at: int) -> Q:
    """Rows whose lease still runs."""
    return Q(lease_clock=clock_name(), leased_until__gt=at)


def over(at: int) -> Q:
    """Rows whose lease has ended, or was counted on the clock of an earlier start of the machine.

    A lease further ahead than its own length is of an earlier start too, where starts have no name.
    """
    too_far = Q(leased_until__gt=at + millis(pace().lease) + 1000)
    return Q(leased_until__lte=at) | of_another_clock() | too_far


def is_held(lease_clock: str, leased_until: int | None, at: int) -> bool:
    """`running` for one row in hand."""
    return lease_clock == clock_name() and leased_until is not None and leased_until > at


def is_over(lease_clock: str, leased_until: int | None, at: int) -> bool:
    """`over` for one row in hand."""
    if lease_clock != clock_name() or leased_until is None:
        return lease_clock != clock_name()
    return leased_until <= at or leased_until > at + millis(pace().lease) + 1000


def of_another_clock() -> Q:
    """Rows whose ticks were counted on another clock than today's."""
    return ~Q(lease_clock=clock_name())
