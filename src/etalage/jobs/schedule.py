"""Periodic work: declared with `@every(…)`, due times in a table so that any number of schedulers agree."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from django.db import transaction
from django_tasks.base import TASK_MAX_PRIORITY

from etalage.jobs.declare import LeasedTask
from etalage.jobs.models import Schedule
from etalage.jobs.registry import PERIODIC, Periodic
from etalage.jobs.settle import SCHEDULED
from etalage.kit import clock

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
AHEAD = 50
"""What is added to the priority of a task when its time has come."""


def every(
    *, seconds: int = 0, minutes: int = 0, hours: int = 0, days: int = 0, key: str = ""
) -> Callable[[LeasedTask[P, T]], LeasedTask[P, T]]:
    """Run a task without arguments once in every period, for the whole installation.

    A run that is still unfinished when the next is due is not doubled; periods missed while nothing ran are
    not made up for. `key` names the entry where one task has several.
    """
    period = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if period <= timedelta():
        raise ValueError("a period is longer than nothing")

    def declare(task: LeasedTask[P, T]) -> LeasedTask[P, T]:
        name = key or task.module_path
        PERIODIC[name] = Periodic(name=name, task=task, period=period)
        return task

    return declare


def enqueue_due() -> int:
    """Enqueue each periodic task whose time has come; return how many this scheduler enqueued."""
    now = clock.now()
    rows = {row.name: row for row in Schedule.objects.all()}
    missing = [p for name, p in PERIODIC.items() if name not in rows]
    if missing:
        # A new entry is due at once; of several schedulers that see it missing, one inserts it.
        fresh = [Schedule(name=p.name, period_seconds=_seconds(p), next_at=now) for p in missing]
        Schedule.objects.bulk_create(fresh, ignore_conflicts=True)
        rows = {row.name: row for row in Schedule.objects.all()}
    return sum(enqueue_if_due(PERIODIC[name], row, now) for name, row in rows.items() if name in PERIODIC)


def enqueue_if_due(periodic: Periodic, row: Schedule, now: datetime) -> bool:
    """Enqueue the task if its time has come and nobody moved `row` on since it was read; True when enqueued."""
    period = periodic.period
    # Further ahead than one period means that the clock was set back or the period was shortened.
    if now < row.next_at <= now + period and row.period_seconds == _seconds(periodic):
        return False
    due = row.next_at <= now
    following = row.next_at + period * ((now - row.next_at) // period + 1) if due else now + period
    with transaction.atomic():
        moved = Schedule.objects.filter(pk=row.pk, next_at=row.next_at).update(
            next_at=following, period_seconds=_seconds(periodic), **({"last_at": now} if due else {})
        )
        if not moved or not due:
            return False
        return _enqueue(periodic)


def _enqueue(periodic: Periodic) -> bool:
    backend: Any = periodic.task.get_backend()
    # Before the crowd of its queue: there is at most one of each, so that nothing waits long for it.
    urgent = periodic.task.using(priority=min(periodic.task.priority + AHEAD, TASK_MAX_PRIORITY))
    # Not "once more" for one that still runs: a task slower than its period would never rest.
    return bool(backend.enqueue_once(urgent, f"{SCHEDULED}{periodic.name}", (), None, rerun=False))


def _seconds(periodic: Periodic) -> int:
    return int(periodic.period.total_seconds())
