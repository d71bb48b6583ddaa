"""How a room declares a task and enqueues it: the `django.tasks` interface, with leases and unique keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from django_tasks.base import DEFAULT_TASK_BACKEND_ALIAS, Task

from etalage.jobs.registry import find_task, room_of

if TYPE_CHECKING:
    from etalage.jobs.backend import LeasedBackend

P = ParamSpec("P")
T = TypeVar("T")

MAX_ATTEMPTS = 10
BACKOFF_SECONDS = 5.0
LEASE_SECONDS = 60
TIME_LIMIT_SECONDS = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedTask(Task[P, T]):
    """A task with the terms under which a worker may hold it."""

    max_attempts: int = MAX_ATTEMPTS
    """Claims before the job is dead, those that ended with the worker's death included."""
    backoff: float = BACKOFF_SECONDS
    """Seconds before the second attempt; doubled for each further one, with jitter, at most an hour."""
    lease: int = LEASE_SECONDS
    """Seconds until another worker may take the job of one that gives no sign of life."""
    time_limit: int = TIME_LIMIT_SECONDS
    """Seconds after which the lease of a running attempt is no longer renewed."""
    atomic: bool = False
    """Run in one transaction with the job's own end: its rows are written exactly once. Not for slow work."""
    most_at_once: int | None = None
    """Jobs of its queue that one worker runs at once, for work that brings threads of its own; None: no such bound."""


def task(
    *,
    queue_name: str | None = None,
    priority: int = 0,
    max_attempts: int = MAX_ATTEMPTS,
    backoff: float = BACKOFF_SECONDS,
    lease: int = LEASE_SECONDS,
    time_limit: int = TIME_LIMIT_SECONDS,
    atomic: bool = False,
    most_at_once: int | None = None,
) -> Callable[[Callable[P, T]], LeasedTask[P, T]]:
    """Declare a module-level function as a task; `.enqueue(…)` then writes a job in the current transaction.

    Arguments are ids, numbers and texts; UUIDs, dates and date-times come back as what the function's
    annotations say. The queue is the room's own unless named.
    """

    def declare(function: Callable[P, T]) -> LeasedTask[P, T]:
        return LeasedTask(
            func=function,
            queue_name=queue_name or room_of(function.__module__),
            priority=priority,
            backend=DEFAULT_TASK_BACKEND_ALIAS,
            max_attempts=max_attempts,
            backoff=backoff,
            lease=lease,
            time_limit=time_limit,
            atomic=atomic,
            most_at_once=most_at_once,
        )

    return declare


def enqueue_once(
    task: LeasedTask[..., Any] | str,
    key: str,
    *args: Any,
    run_after: datetime | timedelta | None = None,
    at_once: bool = False,
) -> bool:
    """Enqueue unless a job of this task and key is unfinished; True when a new job was written.

    The key must determine the arguments. Nothing is lost when a job already exists: one that waits will see
    the data of this transaction, one that is running runs once more afterwards. An earlier `run_after` wins: a
    moment of the shop's own life, or a span from now, which stays as long when the clock is set back. One that rests
    after an attempt rests on, unless what it rested for is over and it is asked for `at_once`.
    A room's `actions`, which may not import its `tasks`, name the task by its dotted path.
    """
    chosen = find_task(task) if isinstance(task, str) else task
    return _backend(chosen).enqueue_once(chosen, key, args, run_after, at_once=at_once)


def enqueue_many(task: LeasedTask[..., Any] | str, calls: Iterable[Sequence[Any]]) -> int:
    """Enqueue one job per sequence of arguments, in few statements; return how many."""
    chosen = find_task(task) if isinstance(task, str) else task
    return _backend(chosen).enqueue_many(chosen, calls)


def _backend(task: LeasedTask[..., Any]) -> LeasedBackend:
    return cast("LeasedBackend", task.get_backend())
