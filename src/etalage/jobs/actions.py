"""Writes that people and the housekeeping make on jobs."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Max, QuerySet, Window
from django.utils.translation import gettext_lazy as _

from etalage.jobs.live import tell
from etalage.jobs.models import Event, Job, LiveChange, State
from etalage.jobs.wake import ring_on_commit
from etalage.kit import clock
from etalage.kit.errors import Refusal

KEEP_DONE = timedelta(days=3)
KEEP_EVENTS = timedelta(days=14)
KEEP_LIVE = timedelta(hours=1)
BATCH = 500


def retry_job(job_id: UUID) -> Job:
    """Let a failed job run again at once, with all its attempts, and return it. Raises Refusal."""
    try:
        with transaction.atomic():
            job = _failed(job_id)
            job.state, job.attempts, job.finished_at = State.WAITING, 0, None
            job.run_after = job.counted_from = clock.now()
            job.save(update_fields=["state", "attempts", "finished_at", "run_after", "counted_from"])
            tell("jobs")
    except IntegrityError as error:
        raise Refusal(
            _("The same work is already waiting again. Drop this one."), code="job-doubled", status=409
        ) from error
    ring_on_commit()
    return job


def drop_job(job_id: UUID) -> Job:
    """Remove a failed job and return what it was; its work will not be done. Raises Refusal."""
    with transaction.atomic():
        job = _failed(job_id)
        Job.objects.filter(pk=job.pk).delete()
        tell("jobs")
    return job


def retry_kind(task: str) -> int:
    """Let the failed jobs of a task run again, the oldest first, at most `BATCH`; return how many do.

    Those whose work is waiting again already stay among the failed ones. Raises Refusal when there are none.
    """
    failed = Job.objects.filter(task=task, state=State.DEAD).order_by("finished_at")
    retried = 0
    for job_id in failed.values_list("pk", flat=True)[:BATCH]:
        with suppress(Refusal):
            retry_job(job_id)
            retried += 1
    if not retried:
        message = _("None of this work can be tried again. Reload the page.")
        raise Refusal(message, code="kind-not-failed", status=409)
    return retried


def prune(now: datetime | None = None) -> int:
    """Remove what has served: done jobs, live changes, events whose jobs are gone. Return how many rows.

    Of jobs that failed for the same thing again and again, only the latest stays.
    """
    moment = now or clock.now()
    live = LiveChange.objects.filter(created_at__lt=moment - KEEP_LIVE).order_by()
    done = Job.objects.filter(state=State.DONE, finished_at__lt=moment - KEEP_DONE).order_by()
    events = Event.objects.filter(created_at__lt=moment - KEEP_EVENTS, jobs__isnull=True).order_by()
    return _delete(live) + _delete(done) + _delete_doubles() + _delete(events)


def _delete(rows: QuerySet[Any]) -> int:
    """Delete in short transactions, so that nobody waits for the housekeeping."""
    deleted = 0
    while count := rows.filter(pk__in=rows.values("pk")[:BATCH]).delete()[0]:
        deleted += count
    return deleted


def _delete_doubles() -> int:
    """Delete the failed jobs of whose work a later one failed too.

    They are found by one look at all failed jobs, outside of any write: SQLite's other writers wait for no search.
    """
    latest = Window(Max("finished_at"), partition_by=[F("task"), F("key")])
    failed = Job.objects.filter(state=State.DEAD).exclude(key="").annotate(latest=latest)
    doubles = list(failed.filter(finished_at__lt=F("latest")).order_by().values_list("pk", "finished_at"))
    deleted = 0
    for start in range(0, len(doubles), BATCH):
        keys, moments = zip(*doubles[start : start + BATCH], strict=True)
        # Somebody may have let one run again since, and it may have failed anew.
        some = Job.objects.filter(pk__in=keys, state=State.DEAD, finished_at__lte=max(moments))
        deleted += some.delete()[0]
    return deleted


def _failed(job_id: UUID) -> Job:
    """The failed job, locked until the transaction ends. Raises Refusal."""
    job = Job.objects.select_for_update().filter(pk=job_id, state=State.DEAD).first()
    if job is None:
        message = _("This job is no longer among the failed ones. Reload the page.")
        raise Refusal(message, code="job-not-failed", status=409)
    return job
