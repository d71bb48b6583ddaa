"""When the wall clock is set back, what was to be done at once must not wait until that time comes again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import DateTimeField, ExpressionWrapper, F, Value

from etalage.jobs.leaseclock import seconds
from etalage.jobs.models import Job, State
from etalage.kit import clock

MARGIN = timedelta(seconds=5)
"""Clocks of several machines differ by as much; a difference so small delays nothing that matters."""


class Wallclock:
    """Watches the wall clock beside the clock of leases, and brings jobs forward after it was set back."""

    def __init__(self) -> None:
        self._latest: float | None = None

    def look(self) -> int:
        """Bring jobs forward if the wall clock lost time since the last look, or at the first; return how many."""
        now = clock.now()
        ahead = now.timestamp() - seconds()
        lost = self._latest is None or self._latest - ahead > MARGIN.total_seconds()
        moved = bring_forward(now) if lost else 0
        self._latest = ahead
        return moved


def bring_forward(now: datetime) -> int:
    """What was put off from a moment later than now waits as long from now on; return how many jobs.

    So what was to be done at once is due, and a job between two attempts keeps the rest that it was given. One that
    waits for a moment of the shop's own life, such as the end of a reservation, waits for that moment.
    """
    later = now + MARGIN
    rest = ExpressionWrapper(Value(now) + (F("run_after") - F("counted_from")), output_field=DateTimeField())
    put_off = Job.objects.filter(state=State.WAITING, run_after__gt=later, counted_from__gt=later)
    return put_off.update(run_after=rest, counted_from=now)
