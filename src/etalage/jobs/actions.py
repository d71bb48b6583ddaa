"""Writes that people and the housekeeping make on jobs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from etalage.jobs.models import Event, Job, LiveChange, State
from etalage.jobs.wake import ring_on_commit
from etalage.kit import clock
from etalage.kit.errors import Refusal

KEEP_DONE = timedelta(days=3)
KEEP_EVENTS = timedelta(days=14)
KEEP_LIVE = timedelta(hours=1)
BATCH = 500


def retry_job(job_id: UUID) -> None:
    """Let a failed job run again at once, with all its attempts. Raises Refusal."""
    try:
        with transaction.atomic():
            changed = Job.objects.filter(pk=job_id, state=State.DEAD).update(
                state=State.WAITING, attempts=0, run_after=clock.now(), finished_at=None
            )
    except IntegrityError as error:
        raise Refusal(
            _("The same work is already waiting again. Drop this one."), code="job-doubled", status=409
        ) from error
    if not changed:
        raise _not_failed()
    ring_on_commit()


def drop_job(job_id: UUID) -> None:
    """Remove a failed job; its work will not be done. Raises Refusal."""
    if not Job.objects.filter(pk=job_id, state=State.DEAD).delete()[0]:
        raise _not_failed()


def prune(now: datetime | None = None) -> int:
    """Remove what has served: done jobs, live changes, events whose jobs are gone. Return how many rows."""
    moment = now or clock.now()
    live = LiveChange.objects.filter(created_at__lt=moment - KEEP_LIVE).order_by()
    done = Job.objects.filter(state=State.DONE, finished_at__lt=moment - KEEP_DONE).order_by()
    events = Event.objects.filter(created_at__lt=moment - KEEP_EVENTS, jobs__isnull=True).order_by()
    return _delete(live) + _delete(done) + _delete(events)


def _delete(rows: QuerySet[Any]) -> int:
    """Delete in short transactions, so that nobody waits for the housekeeping."""
    deleted = 0
    while count := rows.filter(pk__in=rows.values("pk")[:BATCH]).delete()[0]:
        deleted += count
    return deleted


def _not_failed() -> Refusal:
    return Refusal(
        _("This job is no longer among the failed ones. Reload the page."), code="job-not-failed", status=409
    )
