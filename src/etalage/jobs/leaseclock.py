"""The clock that leases are measured on: never a worker's wall clock, which jumps.

PostgreSQL has one clock for all its workers: the wall clock of its own machine, which must not jump. SQLite's
workers share one machine, so they share the time since that machine started (`CLOCK_BOOTTIME`, which also counts
while it sleeps). After a restart that count begins again; therefore each lease names the clock it was measured on,
and a lease of another clock has ended: the workers of an earlier boot are gone.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, F, Func, Q

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def seconds() -> float:
    """Seconds on this machine's boot-time clock; on systems without one, its monotonic clock."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


@cache
def _boot() -> str:
    return BOOT_ID.read_text("ascii").strip() if BOOT_ID.exists() else "machine"


def clock_name() -> str:
    """The name of the clock that leases in this database are measured on now."""
    return "database" if connection.vendor == "postgresql" else _boot()


class LeaseNow(Func):
    """The lease clock's time inside a statement, in whole milliseconds."""

    template = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"
    output_field = BigIntegerField()
    contains_aggregate = False

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[int]]:
        """SQLite has no such clock, but its workers and this process share one."""
        return "%s", (int(seconds() * 1000),)


def expired() -> Q:
    """Running jobs whose worker gave no sign of life for its lease, or belongs to an earlier boot.

    A lease further ahead than its own length is of an earlier boot too, where boots have no name.
    """
    too_far = Q(leased_until__gt=LeaseNow() + F("lease_seconds") * 1000 + 1000)
    return ~Q(lease_clock=clock_name()) | Q(leased_until__lte=LeaseNow()) | too_far
