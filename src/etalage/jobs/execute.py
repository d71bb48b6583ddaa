"""Running one claimed job to an end that is written down, whatever happens in between."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django_tasks.base import TaskContext
from django_tasks.utils import normalize_json

from etalage.jobs import settle
from etalage.jobs.backend import result_of
from etalage.jobs.codec import decode_call, decode_event
from etalage.jobs.declare import LeasedTask
from etalage.jobs.errors import GiveUp, LeaseLost, RetryAt
from etalage.jobs.lease import Lease, holding
from etalage.jobs.models import Job, State
from etalage.jobs.registry import Handler, find_event, find_handler, find_task
from etalage.kit.outages import gave_way, is_outage, look_at_connection

log = logging.getLogger(__name__)
R = TypeVar("R")
PATIENCE = (0.1, 0.3, 1.0, 3.0, 5.0)
"""Seconds between tries to write an end while the database is away."""
TURNS = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Seconds, at most, before a job runs again of which the database ended a transaction so that another could go on."""


@dataclass(frozen=True)
class Outcome:
    """The state that an attempt left its job in (None: it lost the job) and, where it failed, the error."""

    state: State | None
    error: BaseException | None = None


def lease_of(job: Job, started: float) -> Lease:
    """The lease of a job just claimed. `started`: the lease clock's seconds before the claim."""
    return Lease(
        job_id=job.pk, token=job.token, length=job.lease_seconds, time_limit=_time_limit(job), started=started
    )


def execute(job: Job, lease: Lease) -> Outcome:
    """Run a claimed job and write its end; what cannot be written is left to the lease."""
    try:
        with holding(lease):
            _run_in_turn(job, lease)
    except LeaseLost as error:
        log.warning("job %s (%s): %s", job.pk, job.task, error)
        return Outcome(None, error)
    except RetryAt as error:
        return _record(job, error, partial(settle.postpone, job, error, error.when, counted=error.counted))
    except GiveUp as error:
        return _record(job, error, partial(settle.bury, job, error))
    except (Exception, SystemExit) as error:  # recorded with the job, where people see it
        return _record(job, error, partial(settle.fail, job, error))
    return Outcome(State.DONE)


def _run_in_turn(job: Job, lease: Lease) -> None:
    """Run it; again in the same attempt, a few times, where nothing was wrong but that another was in its way."""
    for longest in () if connection.in_atomic_block else TURNS:
        try:
            return _run(job)
        except DatabaseError as error:
            if not gave_way(error):
                raise
            code = getattr(error.__cause__, "sqlstate", None)
            log.warning("job %s (%s) was ended for another and runs again: %s", job.pk, job.task, code)
        Event().wait(random.uniform(longest / 2, longest))  # noqa: S311  (spreads load, guards nothing)
        lease.check()
    return _run(job)


def _run(job: Job) -> None:
    work, atomic = _work(job)
    if atomic:
        with transaction.atomic():
            settle.complete(job, normalize_json(work()))
        return
    with _shielded():
        result = normalize_json(work())
    patiently(partial(settle.complete, job, result))


def _work(job: Job) -> tuple[Callable[[], Any], bool]:
    if job.event is not None:
        handler = find_handler(job.task)
        event: Any = decode_event(find_event(job.event.name), job.event.payload)
        return partial(_handle, handler, event), handler.atomic
    task = find_task(job.task)
    return partial(_call, task, job), task.atomic


def _handle(handler: Handler, event: Any) -> None:
    handler.call(event)


def _call(task: LeasedTask[..., Any], job: Job) -> Any:
    args, kwargs = decode_call(task.func, job.args, job.kwargs)
    context = [TaskContext(task_result=result_of(job, task))] if task.takes_context else []
    return task.call(*context, *args, **kwargs)


def _shielded() -> AbstractContextManager[Any]:
    # Inside a transaction of the caller (a test) a failed statement must not spoil the rest of it.
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _record(job: Job, error: BaseException, write: Callable[[], State]) -> Outcome:
    log.warning("job %s (%s), attempt %s: %s", job.pk, job.task, job.attempts, type(error).__name__)
    try:
        return Outcome(patiently(write), error)
    except LeaseLost:
        return Outcome(None, error)


def patiently(write: Callable[[], R], pauses: Sequence[float] = PATIENCE) -> R:
    """Repeat a write while the database is away, after each of these seconds; the token makes repeating harmless."""
    for pause in () if connection.in_atomic_block else pauses:
        try:
            return write()
        except (DatabaseError, InterfaceError) as error:
            if not (is_outage(error) or isinstance(error, OperationalError)):
                raise
            log.warning("the end of a job is written again in %s s: %s", pause, type(error).__name__)
            look_at_connection()
            Event().wait(pause)
    return write()


def _time_limit(job: Job) -> float:
    try:
        return (find_handler(job.task) if job.event_id else find_task(job.task)).time_limit
    except LookupError:
        return 0.0
