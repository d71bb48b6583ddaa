"""Reads: what waits, runs and failed, for staff; and the live changes that open pages hear of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Min, Q

from etalage.jobs.models import Job, LiveChange, Schedule, State
from etalage.jobs.registry import PERIODIC
from etalage.kit import clock

PAGE = 50
LATE_COMMIT = timedelta(seconds=30)


@dataclass(frozen=True)
class QueueState:
    """How one queue stands. `due_since`: the due time of the job that waits longest, None when none is."""

    queue: str
    waiting: int
    due: int
    running: int
    dead: int
    due_since: datetime | None


def queue_states() -> list[QueueState]:
    """Every queue that holds unfinished or failed jobs, by name. One query."""
    now = clock.now()
    due = Q(state=State.WAITING, run_after__lte=now)
    rows = (
        Job.objects.exclude(state=State.DONE)
        .values("queue")
        .annotate(
            waiting=Count("pk", filter=Q(state=State.WAITING)),
            due=Count("pk", filter=due),
            running=Count("pk", filter=Q(state=State.RUNNING)),
            dead=Count("pk", filter=Q(state=State.DEAD)),
            due_since=Min("run_after", filter=due),
        )
        .order_by("queue")
    )
    return [QueueState(**row) for row in rows]


def jobs_in(state: State, after: UUID | None = None, size: int = PAGE) -> list[Job]:
    """A page of the jobs in a state, youngest first; `after` is the last id of the page before. One query."""
    rows = Job.objects.filter(state=state).select_related("event")
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:size])


def failed_jobs(after: UUID | None = None, size: int = PAGE) -> list[Job]:
    """A page of the jobs that will not be tried again unless somebody asks; youngest first."""
    return jobs_in(State.DEAD, after, size)


def failed_count() -> int:
    """How many jobs wait for somebody's decision."""
    return Job.objects.filter(state=State.DEAD).count()


@dataclass(frozen=True)
class FailedKind:
    """The failed jobs of one task or handler. `last_at`: when the youngest of them was given up."""

    task: str
    count: int
    last_at: datetime


def failed_kinds() -> list[FailedKind]:
    """What failed, by kind, the latest first. One query."""
    rows = (
        Job.objects.filter(state=State.DEAD)
        .values("task")
        .annotate(count=Count("pk"), last_at=Max("finished_at"))
    )
    return [FailedKind(**row) for row in rows.order_by("-last_at", "task")]


@dataclass(frozen=True)
class Entry:
    """A periodic task. `next_at` and `last_at` are None until a worker has seen it and run it."""

    task: str
    period: timedelta
    next_at: datetime | None
    last_at: datetime | None


def schedule() -> list[Entry]:
    """The periodic tasks, those that are due next first. One query."""
    rows = {row.name: row for row in Schedule.objects.all()}
    found = [
        Entry(
            periodic.task.module_path,
            periodic.period,
            rows[name].next_at if name in rows else None,
            rows[name].last_at if name in rows else None,
        )
        for name, periodic in PERIODIC.items()
    ]
    return sorted(found, key=lambda entry: (entry.next_at is None, entry.next_at, entry.task))


def live_changes_after(last: int) -> list[tuple[int, str]]:
    """Live changes with an id above `last`, oldest first."""
    return list(LiveChange.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "name"))


def last_live_id() -> int:
    """The id of the youngest live change, 0 when there is none."""
    return LiveChange.objects.aggregate(last=Max("pk"))["last"] or 0


def live_names_since(moment: datetime) -> list[str]:
    """The names of what changed since then, each once."""
    rows = LiveChange.objects.filter(created_at__gte=moment).order_by("id")
    return list(dict.fromkeys(rows.values_list("name", flat=True)))


class LiveTail:
    """Follows the live changes and misses none: on PostgreSQL a lower id may be committed after a higher one.

    Each look goes back over what is younger than half a minute and leaves out what was seen already.
    """

    def __init__(self) -> None:
        self._floor = last_live_id()
        self._seen: dict[int, datetime] = {}

    def names(self) -> list[str]:
        """The names told since the last look, each once, in the order of their first telling."""
        now = clock.now()
        fresh = [(pk, name) for pk, name in live_changes_after(self._floor) if pk not in self._seen]
        self._seen.update((pk, now) for pk, _ in fresh)
        settled = [pk for pk, seen in self._seen.items() if now - seen > LATE_COMMIT]
        if settled:
            self._floor = max(self._floor, *settled)
            self._seen = {pk: seen for pk, seen in self._seen.items() if pk > self._floor}
        return list(dict.fromkeys(name for _, name in fresh))
