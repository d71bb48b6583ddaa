"""Claiming: exclusive under any number of claimers, fair between queues, never before its time."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from etalage.jobs import enqueue_many
from etalage.jobs.claim import Lane, claim, due_lanes, share
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, State
from etalage.kit import clock
from tests.jobs import work


@pytest.mark.django_db(transaction=True)
def test_many_threads_claim_each_job_exactly_once() -> None:
    enqueue_many(work.note, [[str(number)] for number in range(200)])
    claimed: list[str] = []
    gate = threading.Barrier(6)

    def take() -> None:
        gate.wait()
        while jobs := [job for lane in due_lanes() for job in claim(lane, "someone", 3)]:
            claimed.extend(str(job.pk) for job in jobs)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 200
    assert set(Counter(claimed).values()) == {1}
    assert set(Job.objects.values_list("token", "attempts", "state")) == {(1, 1, State.RUNNING)}


@pytest.mark.django_db
def test_each_claim_of_a_job_has_a_higher_token() -> None:
    work.fail.enqueue("x")
    tokens = []
    for _ in range(3):
        (job,) = claim(due_lanes()[0], "w", 1)
        tokens.append(job.token)
        Job.objects.update(state=State.WAITING)
    assert tokens == [1, 2, 3]


@pytest.mark.django_db
def test_a_job_is_never_claimed_before_its_time() -> None:
    work.note.using(run_after=clock.now() + timedelta(seconds=30)).enqueue("later")
    assert due_lanes() == []
    assert claim(Lane("default", 0), "w", 10) == []
    assert run_until_idle() == 0
    Job.objects.update(run_after=clock.now())
    assert run_until_idle() == 1


@pytest.mark.django_db
def test_within_a_queue_the_more_urgent_job_goes_first_then_the_one_due_first() -> None:
    work.note.enqueue("second")
    work.note.using(run_after=clock.now() - timedelta(hours=1)).enqueue("first of these")
    work.note_first.enqueue("urgent")
    taken = [claim(due_lanes()[0], "w", 1)[0].args[0] for _ in range(3)]
    assert taken == ["urgent", "first of these", "second"]


@pytest.mark.django_db
def test_a_crowd_in_one_queue_does_not_keep_another_waiting() -> None:
    enqueue_many(work.note, [[f"crowd {number}"] for number in range(30)])
    work.note_elsewhere.enqueue("alone")
    run_until_idle()
    assert work.did().index("alone") <= 1


@pytest.mark.django_db
def test_ten_failing_jobs_do_not_starve_the_others() -> None:
    for number in range(10):
        work.fail.enqueue(f"failing {number}")
    enqueue_many(work.note, [[f"good {number}"] for number in range(10)])
    run_until_idle(raising=False)
    did = work.did()
    assert {f"good {number}" for number in range(10)} <= set(did[:20])
    assert Job.objects.filter(state=State.DEAD).count() == 10


def test_places_are_shared_in_turn_and_one_is_kept_from_a_queue_of_long_jobs() -> None:
    a, b, c = Lane("a", 0), Lane("b", 0), Lane("c", 0)
    three = {"a": 3, "b": 3, "c": 3}
    assert share([a], 4, three) == {a: 3}
    assert share([a, b, c], 4, three) == {a: 2, b: 1, c: 1}
    assert share([a, b, c], 1, three, after="a") == {b: 1}
    assert share([a, b], 1, {"a": 0, "b": 3}) == {b: 1}
    assert share([a, Lane("a", -5)], 1, three) == {Lane("a", -5): 1}
    assert share([], 4, {}) == {}
    assert share([a], 1, {"a": -1}) == {}


@pytest.mark.django_db
def test_looking_for_work_reads_a_lane_and_not_the_crowd_that_waits_in_it() -> None:
    later = clock.now() + timedelta(days=7)
    enqueue_many(work.note.using(run_after=later), [[str(number)] for number in range(3000)])
    work.note_elsewhere.enqueue("now")
    with CaptureQueriesContext(connection) as queries:
        assert due_lanes() == [Lane("other", 0)]
        claim(Lane("other", 0), "w", 1)
    looks = [
        query["sql"] for query in queries if "'waiting'" in query["sql"] and "UPDATE" not in query["sql"][:6]
    ]
    assert len(looks) == 2
    for sql in looks:
        text = plan(sql)
        assert "jobs_claim" in text, text
        assert "Seq Scan on jobs_job" not in text, text


def plan(sql: str) -> str:
    """How the database finds the rows of a statement."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE jobs_job")
            cursor.execute("EXPLAIN " + sql)
        else:
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
        return "\n".join(str(row) for row in cursor.fetchall())
