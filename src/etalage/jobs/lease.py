"""What a running job knows of its hold on itself: how long it lasts, and whether it is still its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import F, QuerySet

from etalage.jobs.errors import LeaseLost
from etalage.jobs.leaseclock import LeaseNow, seconds
from etalage.jobs.models import Job, State


@dataclass(eq=False)
class Lease:
    """The hold of one attempt on one job. `token` grows with every claim of the job: a fence for writes."""

    job_id: UUID | None
    token: int
    length: float
    time_limit: float
    started: float = field(default_factory=seconds)
    lost: bool = False

    def __post_init__(self) -> None:
        self._until = self.started + self.length

    def remaining(self) -> float:
        """Seconds until another worker may take the job; zero when it may have done so already."""
        return 0.0 if self.lost else max(0.0, self._until - seconds())

    def check(self) -> None:
        """Return while the job is surely ours. Raises LeaseLost. Ask before each effect on the outside."""
        if self.job_id is None:
            return
        if self.remaining() <= 0 or not _held(self.job_id, self.token).exists():
            self.lost = True
            raise LeaseLost(f"job {self.job_id} was claimed again after token {self.token}")

    def needs_renewal(self) -> bool:
        """True when a third of the lease is used up and the attempt is within its time limit."""
        overdue = seconds() - self.started > self.time_limit
        return not self.lost and not overdue and self.remaining() < self.length * 2 / 3

    def renew(self) -> None:
        """The heartbeat: make the lease last its full length from now, unless someone else has the job."""
        asked = seconds()  # before the statement: our idea of the end is never later than the database's
        if self.job_id is None:
            return
        if _held(self.job_id, self.token).update(leased_until=LeaseNow() + F("lease_seconds") * 1000):
            self._until = asked + self.length
        else:
            self.lost = True


def _held(job_id: UUID, token: int) -> QuerySet[Job]:
    return Job.objects.filter(pk=job_id, token=token, state=State.RUNNING)


_current: ContextVar[Lease | None] = ContextVar("lease", default=None)


def current_lease() -> Lease:
    """The lease of the job that runs here; outside of a job one that never ends."""
    return _current.get() or Lease(job_id=None, token=0, length=math.inf, time_limit=math.inf)


@contextmanager
def holding(lease: Lease) -> Iterator[Lease]:
    """Make `lease` the current one for the code inside."""
    before = _current.set(lease)
    try:
        yield lease
    finally:
        _current.reset(before)
