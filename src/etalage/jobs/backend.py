"""The back end behind `django.tasks`: enqueueing writes a row in the caller's own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, Q, Value, When
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskError, TaskResult, TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist
from django_tasks.signals import task_enqueued

from etalage.jobs.codec import encode
from etalage.jobs.declare import LeasedTask
from etalage.jobs.models import UNFINISHED, Job, State
from etalage.jobs.registry import TASKS, find_task
from etalage.jobs.wake import ring_on_commit
from etalage.kit import clock

BATCH = 500
STATUS = {
    State.WAITING: TaskResultStatus.READY,
    State.RUNNING: TaskResultStatus.RUNNING,
    State.DONE: TaskResultStatus.SUCCESSFUL,
    State.DEAD: TaskResultStatus.FAILED,
}


class LeasedBackend(BaseTaskBackend):
    """Jobs as rows, leased by workers with a fencing token."""

    task_class = LeasedTask
    supports_defer = True
    supports_get_result = True
    supports_priority = True

    def validate_task(self, task: Task[..., Any]) -> None:
        """Check a task where it is declared, and know it from then on."""
        super().validate_task(task)
        if isinstance(task, LeasedTask):
            TASKS.setdefault(task.module_path, task)

    def enqueue(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Write one job; it is seen by workers once the current transaction is committed."""
        self.validate_task(task)
        job = new_job(leased(task), args, kwargs)
        job.save(force_insert=True)
        ring_on_commit()
        result = result_of(job, task)
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """The stored job with that id. Raises TaskResultDoesNotExist."""
        try:
            job = Job.objects.get(pk=UUID(result_id), event=None)
        except (Job.DoesNotExist, ValueError) as error:
            raise TaskResultDoesNotExist(result_id) from error
        return result_of(job, find_task(job.task))

    def enqueue_many(self, task: LeasedTask[..., Any], calls: Iterable[Sequence[Any]]) -> int:
        """Write one job per sequence of arguments; return how many."""
        jobs = [new_job(task, args, {}) for args in calls]
        Job.objects.bulk_create(jobs, batch_size=BATCH)
        if jobs:
            ring_on_commit()
        return len(jobs)

    def enqueue_once(
        self,
        task: LeasedTask[..., Any],
        key: str,
        args: Sequence[Any],
        run_after: datetime | timedelta | None,
        *,
        rerun: bool = True,
        at_once: bool = False,
    ) -> bool:
        """Write a job unless one with this key is unfinished; True when written. See `jobs.enqueue_once`."""
        if not key:
            raise ValueError("a unique job needs a key")
        job = new_job(task, args, {})
        job.key = key
        if isinstance(run_after, timedelta):
            job.run_after += run_after
        elif run_after:
            job.run_after, job.counted_from = run_after, None
        same = Job.objects.filter(task=job.task, key=key, state__in=UNFINISHED)
        with transaction.atomic():
            # The database's unique constraint decides, never a look beforehand. Where the insert gives way,
            # the update locks the row: it cannot be claimed before this transaction's data are to be seen.
            # The row may end in between; then the next insert succeeds.
            while True:
                Job.objects.bulk_create([job], ignore_conflicts=True)
                if Job.objects.filter(pk=job.pk).exists():
                    ring_on_commit()
                    return True
                if not rerun or same.update(**_asked_again(job, at_once)):
                    return False


def _asked_again(job: Job, at_once: bool) -> dict[str, Any]:
    # A job between two attempts keeps its rest; one that never ran may be brought forward. Not `attempts=0`: an
    # attempt that does not count leaves none.
    sooner = Q(state=State.WAITING, run_after__gt=job.run_after)
    if not at_once:
        sooner &= Q(started_at=None)
    counted_from = Value(job.counted_from, output_field=DateTimeField())
    return {
        "again": Case(When(state=State.RUNNING, then=True), default="again"),
        "run_after": Case(When(sooner, then=Value(job.run_after)), default="run_after"),
        "counted_from": Case(When(sooner, then=counted_from), default="counted_from"),
    }


def leased(task: Task[..., Any]) -> LeasedTask[..., Any]:
    """The task with its terms. Raises TypeError for one that was declared for another back end."""
    if not isinstance(task, LeasedTask):
        raise TypeError(f"{task.module_path} was not declared for this back end")
    return task


def new_job(task: LeasedTask[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Job:
    """An unsaved job for a call of the task."""
    now = clock.now()
    return Job(
        task=task.module_path,
        args=encode(list(args)),
        kwargs=encode(kwargs),
        queue=task.queue_name,
        rank=-task.priority,
        run_after=task.run_after or now,
        counted_from=None if task.run_after else now,
        max_attempts=task.max_attempts,
        backoff=task.backoff,
        lease_seconds=task.lease,
    )


def result_of(job: Job, task: Task[..., Any]) -> TaskResult[Any]:
    """The job as `django.tasks` shows it."""
    error = TaskError(exception_class_path=job.error_class, traceback=job.last_error)
    result: TaskResult[Any] = TaskResult(
        task=task,
        id=str(job.pk),
        status=STATUS[State(job.state)],
        enqueued_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        last_attempted_at=job.started_at,
        args=job.args,
        kwargs=job.kwargs,
        backend=task.backend,
        errors=[error] if job.error_class else [],
        worker_ids=[job.leased_by or "worker"] * job.attempts,
    )
    object.__setattr__(result, "_return_value", job.result)
    return result
