"""The outbox: an event and its handlers' jobs are written in the transaction that made it true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from django.db import transaction

from etalage.jobs.codec import encode
from etalage.jobs.models import Event, Job
from etalage.jobs.registry import Handler, handlers_of, path_of
from etalage.jobs.wake import ring_on_commit

BATCH = 500


def announce(event: Any) -> None:
    """Write a frozen-dataclass event; each `@on` handler of its class then runs as a job of its own."""
    announce_many([event])


def announce_many(events: Iterable[Any]) -> None:
    """Write many events in few statements, in one transaction."""
    rows = [_row(event) for event in events]
    jobs = [_job(row, handler) for row in rows for handler in handlers_of(row.name)]
    with transaction.atomic():
        Event.objects.bulk_create(rows, batch_size=BATCH)
        Job.objects.bulk_create(jobs, batch_size=BATCH)
    if jobs:
        ring_on_commit()


def _row(event: Any) -> Event:
    if not is_dataclass(event) or isinstance(event, type):
        raise TypeError(f"an event is a frozen dataclass, not {type(event).__name__}")
    # Not `asdict`, which copies each of a thousand ids before they become text.
    payload = encode({field.name: getattr(event, field.name) for field in fields(event)})
    return Event(name=path_of(type(event)), payload=payload)


def _job(event: Event, handler: Handler) -> Job:
    return Job(
        task=handler.path,
        event=event,
        queue=handler.queue,
        max_attempts=handler.max_attempts,
        backoff=handler.backoff,
        lease_seconds=handler.lease,
    )
