"""Taking jobs: which lanes have work that is due, and the claim itself, exclusive on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from etalage.jobs.leaseclock import LeaseNow, clock_name
from etalage.jobs.models import Job, State
from etalage.kit import clock

# One index seek per lane, however many jobs wait: the due time is part of the question, so that a job of
# next week is never even looked at. (queue, rank) > (…) as a row value is what lets both databases skip
# through the index.
DUE_LANES = """
WITH RECURSIVE lane(queue, rank) AS (
    SELECT queue, rank FROM (
        SELECT queue, rank FROM jobs_job WHERE state = 'waiting' ORDER BY queue, rank LIMIT 1) AS first
    UNION ALL
    SELECT next.queue, next.rank FROM lane JOIN jobs_job AS next ON next.id = (
        SELECT id FROM jobs_job AS j WHERE j.state = 'waiting' AND (j.queue, j.rank) > (lane.queue, lane.rank)
        ORDER BY j.queue, j.rank LIMIT 1)
)
SELECT queue, rank FROM lane WHERE EXISTS (
    SELECT 1 FROM jobs_job AS due
    WHERE due.state = 'waiting' AND due.queue = lane.queue AND due.rank = lane.rank AND due.run_after <= %s)
ORDER BY queue, rank
"""


@dataclass(frozen=True, order=True)
class Lane:
    """The jobs of one queue that have the same rank."""

    queue: str
    rank: int


def due_lanes() -> list[Lane]:
    """The lanes in which at least one job is due, each queue's most urgent first."""
    now = connection.ops.adapt_datetimefield_value(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(DUE_LANES, [now])
        return [Lane(queue, rank) for queue, rank in cursor.fetchall()]


def share(lanes: Sequence[Lane], free: int, room: Mapping[str, int], after: str = "") -> dict[Lane, int]:
    """Divide `free` places among the queues: one each in turn, beginning after queue `after`.

    A queue gives its most urgent lane only, and no more jobs than there is `room` for, so that a queue of long jobs
    leaves room for another.
    """
    first = {lane.queue: lane for lane in sorted(lanes, reverse=True)}
    turns = sorted(first, key=lambda queue: (queue <= after, queue))
    given = dict.fromkeys(turns, 0)
    while free > 0:
        open_queues = [queue for queue in turns if given[queue] < room[queue]]
        if not open_queues:
            break
        for queue in open_queues[:free]:
            given[queue] += 1
        free -= len(open_queues[:free])
    return {first[queue]: count for queue, count in given.items() if count}


def claim(lane: Lane, worker: str, most: int) -> list[Job]:
    """Take up to `most` due jobs of a lane, those due first; each with a token higher than ever before.

    PostgreSQL locks the rows and skips those that another claim has locked; SQLite's IMMEDIATE transaction
    lets one claim in at a time. An attempt counts from here, so that a job which kills its worker has its
    ceiling too.
    """
    now = clock.now()
    due = Job.objects.filter(state=State.WAITING, queue=lane.queue, rank=lane.rank, run_after__lte=now)
    with transaction.atomic():
        jobs = list(due.order_by("run_after").select_for_update(skip_locked=True)[:most])
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(
            state=State.RUNNING,
            token=F("token") + 1,
            attempts=F("attempts") + 1,
            again=False,
            leased_by=worker,
            lease_clock=clock_name(),
            leased_until=LeaseNow() + F("lease_seconds") * 1000,
            started_at=now,
        )
    for job in jobs:
        job.state, job.leased_by, job.started_at = State.RUNNING, worker, now
        job.token, job.attempts = job.token + 1, job.attempts + 1
    return jobs
