"""How an attempt ends. Every write carries the token of its claim: who lost the job writes nothing."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When

from etalage.jobs.errors import LeaseLost
from etalage.jobs.leaseclock import expired
from etalage.jobs.live import tell
from etalage.jobs.models import Job, State
from etalage.jobs.redact import explain, redact
from etalage.jobs.registry import PERIODIC, path_of
from etalage.kit import clock

log = logging.getLogger(__name__)
LONGEST_BACKOFF = timedelta(hours=1)
SCHEDULED = "schedule:"  # how the keys of periodic jobs begin
LEAST_PERIODIC = timedelta(minutes=1)
RECLAIM_BATCH = 100
COPIED = ("task", "args", "kwargs", "queue", "rank", "key", "max_attempts", "backoff", "lease_seconds")


def backoff(base: float, attempt: int, longest: timedelta = LONGEST_BACKOFF) -> timedelta:
    """How long to wait after that many attempts: doubled each time, at most `longest`, half of it random."""
    ceiling = min(base * 2.0 ** min(attempt - 1, 30), longest.total_seconds())
    return timedelta(seconds=random.uniform(ceiling / 2, ceiling))  # noqa: S311  (spreads load, guards nothing)


def complete(job: Job, result: Any) -> None:
    """The attempt did its work. A job asked for again meanwhile waits for another run. Raises LeaseLost.

    Also written after the lease's end, as long as nobody claimed the job since: the work is done.
    """
    now = clock.now()
    once_more = When(again=True, then=Value(State.WAITING))
    changed = _mine(job).update(
        state=Case(once_more, default=Value(State.DONE)),
        attempts=F("attempts") * Case(When(again=True, then=0), default=1),
        run_after=Case(When(again=True, then=Value(now)), default=F("run_after")),
        counted_from=Case(When(again=True, then=Value(now)), default=F("counted_from")),
        finished_at=now,
        again=False,
        leased_by="",
        leased_until=None,
        error_class="",
        last_error="",
        result=result,
    )
    _refuse_unless(changed, job)


def fail(job: Job, error: BaseException) -> State:
    """The attempt failed: wait for the next, or dead when the ceiling is reached. Raises LeaseLost."""
    return postpone(job, error, clock.now() + backoff(job.backoff, job.attempts, _longest(job)))


def _longest(job: Job) -> timedelta:
    """Periodic work rests no longer than its period or a minute: nothing else does it meanwhile."""
    periodic = PERIODIC.get(job.key.removeprefix(SCHEDULED)) if job.key.startswith(SCHEDULED) else None
    return min(LONGEST_BACKOFF, max(LEAST_PERIODIC, periodic.period)) if periodic else LONGEST_BACKOFF


def postpone(job: Job, error: BaseException, when: datetime, *, counted: bool = True) -> State:
    """Wait until `when` for the next attempt; dead if this counted and was the last. Raises LeaseLost."""
    if counted and job.attempts >= job.max_attempts:
        return bury(job, error)
    left = job.attempts if counted else job.attempts - 1
    _refuse_unless(_write_waiting(_mine(job), when, path_of(type(error)), explain(error), left), job)
    return State.WAITING


def bury(job: Job, error: BaseException) -> State:
    """No attempt will follow; the job stays visible with its reason. Raises LeaseLost."""
    with transaction.atomic():
        row = _mine(job).select_for_update().first()
        if row is None:
            raise _lost(job)
        _end(row, path_of(type(error)), explain(error))
    return State.DEAD


def reclaim() -> int:
    """Take jobs back from workers that gave no sign of life; return how many.

    The attempt stays counted: a job that kills its worker each time ends dead, not in a loop.
    """
    with transaction.atomic():
        running = Job.objects.filter(state=State.RUNNING)
        rows = list(running.filter(expired()).select_for_update(skip_locked=True)[:RECLAIM_BATCH])
        for row in rows:
            reason = redact(f"The worker {row.leased_by} stopped during attempt {row.attempts}.")
            log.warning("job %s (%s): %s", row.pk, row.task, reason)
            if row.attempts >= row.max_attempts:
                _end(row, path_of(LeaseLost), reason)
            else:
                when = clock.now() + backoff(min(row.backoff, 1.0), row.attempts)
                _write_waiting(_mine(row), when, path_of(LeaseLost), reason, row.attempts)
    return len(rows)


def _mine(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, token=job.token, state=State.RUNNING)


def _write_waiting(rows: QuerySet[Job], when: datetime, kind: str, reason: str, attempts: int) -> int:
    return rows.update(
        state=State.WAITING,
        run_after=when,
        counted_from=clock.now(),
        attempts=attempts,
        again=False,  # the coming attempt sees whatever was asked for
        leased_by="",
        leased_until=None,
        error_class=kind,
        last_error=reason,
    )


def _end(row: Job, kind: str, reason: str) -> None:
    asked_again = row.again
    tell("jobs")
    _mine(row).update(
        state=State.DEAD,
        finished_at=clock.now(),
        again=False,
        leased_by="",
        leased_until=None,
        error_class=kind,
        last_error=reason,
    )
    if asked_again:  # whoever asked while this one was failing has a right to attempts of their own
        Job.objects.create(**{name: getattr(row, name) for name in COPIED})


def _refuse_unless(changed: int, job: Job) -> None:
    if not changed:
        raise _lost(job)


def _lost(job: Job) -> LeaseLost:
    return LeaseLost(f"job {job.pk} is no longer held with token {job.token}")
