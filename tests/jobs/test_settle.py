"""Ends: written by whoever holds the job and nobody else; retried with patience, and not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from etalage.jobs import LeaseLost, enqueue_once
from etalage.jobs.claim import claim, due_lanes
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, State
from etalage.jobs.redact import LONGEST, explain, redact
from etalage.jobs.registry import PERIODIC, Periodic
from etalage.jobs.settle import (
    LONGEST_BACKOFF,
    SCHEDULED,
    backoff,
    bury,
    complete,
    fail,
    postpone,
)
from etalage.kit import clock
from tests.jobs import work

pytestmark = pytest.mark.django_db


def claimed() -> Job:
    (job,) = claim(due_lanes()[0], "a worker", 1)
    return job


def claimed_twice() -> tuple[Job, Job]:
    """A job as a stale worker and as its successor know it."""
    work.note.enqueue("x")
    stale = claimed()
    Job.objects.update(state=State.WAITING)
    return stale, claimed()


def test_a_stale_worker_cannot_write_any_end_over_its_successor() -> None:
    stale, successor = claimed_twice()
    for write in (
        lambda: complete(stale, "stale"),
        lambda: fail(stale, ValueError("stale")),
        lambda: postpone(stale, ValueError("stale"), clock.now()),
        lambda: bury(stale, ValueError("stale")),
    ):
        with pytest.raises(LeaseLost):
            write()
        row = Job.objects.get()
        assert (row.state, row.token, row.last_error) == (State.RUNNING, 2, "")
    complete(successor, "successor")
    with pytest.raises(LeaseLost):
        complete(stale, "stale")
    assert Job.objects.get().result == "successor"


def test_the_same_write_without_the_token_goes_through_so_the_token_is_what_refuses_it() -> None:
    stale, successor = claimed_twice()
    complete(successor, "successor")
    naive = Job.objects.filter(pk=stale.pk).update(state=State.DONE, result="stale")
    assert naive == 1
    assert Job.objects.get().result == "stale"


def test_a_failed_job_waits_longer_after_each_attempt_and_is_dead_after_the_last() -> None:
    work.fail_slowly.enqueue()
    waits = []
    for _ in range(3):
        Job.objects.update(run_after=clock.now())
        before = clock.now()
        run_until_idle(raising=False)
        job = Job.objects.get()
        waits.append(job.run_after - before)
    assert timedelta(seconds=49) < waits[0] < timedelta(seconds=105)
    assert timedelta(seconds=99) < waits[1] < timedelta(seconds=205)
    assert (job.state, job.attempts, job.finished_at is not None) == (State.DEAD, 3, True)
    Job.objects.update(run_after=clock.now())
    assert run_until_idle() == 0


def test_the_back_off_doubles_has_a_ceiling_and_is_not_the_same_for_all() -> None:
    for attempt, most in ((1, 5.0), (2, 10.0), (5, 80.0)):
        times = {backoff(5.0, attempt).total_seconds() for _ in range(50)}
        assert all(most / 2 <= seconds <= most for seconds in times)
        assert len(times) > 25
    assert backoff(5.0, 1000) <= LONGEST_BACKOFF
    assert backoff(0, 3) == timedelta()


@pytest.mark.parametrize(
    ("period", "least", "most"),
    [
        (None, 1800, 3600),
        (timedelta(seconds=5), 30, 60),
        (timedelta(minutes=10), 300, 600),
        (timedelta(hours=6), 1800, 3600),
    ],
)
def test_periodic_work_rests_no_longer_than_its_period_because_nothing_else_does_it(
    period: timedelta | None, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if period:
        monkeypatch.setitem(PERIODIC, "often", Periodic("often", work.fail_slowly, period))
    work.fail_slowly.enqueue()
    Job.objects.update(key=f"{SCHEDULED}often", max_attempts=99, attempts=8)
    run_until_idle(raising=False)
    rests = (Job.objects.get().run_after - clock.now()).total_seconds()
    assert least - 5 < rests <= most


def test_a_task_may_ask_for_patience_without_spending_an_attempt() -> None:
    work.come_back.enqueue(False)
    for _ in range(5):
        Job.objects.update(run_after=clock.now())
        run_until_idle(raising=False)
        job = Job.objects.get()
        assert (job.state, job.attempts) == (State.WAITING, 0)
        assert job.run_after > clock.now() + timedelta(minutes=100)


def test_patience_that_counts_ends_at_the_ceiling() -> None:
    work.come_back.enqueue(True)
    for _ in range(3):
        Job.objects.update(run_after=clock.now())
        run_until_idle(raising=False)
    assert Job.objects.get().state == State.DEAD


def test_a_task_that_gives_up_is_dead_at_once_and_says_why() -> None:
    work.give_up.enqueue()
    run_until_idle(raising=False)
    job = Job.objects.get()
    assert (job.state, job.attempts) == (State.DEAD, 1)
    assert "the account was closed" in job.last_error


def test_an_atomic_task_that_fails_leaves_none_of_its_rows() -> None:
    work.half_done.enqueue("half")
    run_until_idle(raising=False)
    assert work.did() == []
    assert Job.objects.get().state == State.DEAD


def test_the_rows_of_an_atomic_task_that_lost_its_job_are_refused_with_its_end() -> None:
    from etalage.jobs.execute import execute, lease_of
    from etalage.jobs.leaseclock import seconds

    work.note_in_one_transaction.enqueue("once")
    stale = claimed()
    Job.objects.update(state=State.WAITING)
    successor = claimed()
    assert execute(stale, lease_of(stale, seconds())).state is None
    assert work.did() == []
    assert execute(successor, lease_of(successor, seconds())).state == State.DONE
    assert work.did() == ["once"]


def test_somebody_who_asks_while_the_last_attempt_fails_gets_attempts_of_their_own() -> None:
    enqueue_once(work.give_up, "k")
    job = claimed()
    enqueue_once(work.give_up, "k")
    bury(job, ValueError("the end"))
    assert sorted(Job.objects.values_list("state", "attempts")) == [(State.DEAD, 1), (State.WAITING, 0)]


def test_an_error_is_kept_without_tokens_keys_and_addresses_of_people() -> None:
    secrets = [
        "Authorization: Bearer abcDEF123456789",
        "https://user:hunter22@shop.example/x",
        "GET /me?access_token=EAAB123456789&fields=id",
        '{"client_secret": "s3cr3t-value"}',
        "anna.de-smet@maisonlune.example wrote",
        "key 4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c is wrong",
    ]
    text = redact("\n".join(secrets))
    for secret in ("abcDEF", "hunter22", "EAAB", "s3cr3t", "anna", "4f9a8b7c"):
        assert secret not in text
    assert "fields=id" in text
    assert "shop.example" in text
    row = "01a1ffba-9b18-7690-8d70-4d259ef0aa99"
    assert redact(f"publication {row}") == f"publication {row}"


def test_an_error_is_short_and_says_where_it_came_from() -> None:
    assert len(redact("word " * 3000)) == LONGEST
    assert redact("a\0b \ud800") == "ab ?"
    try:
        work.give_up.call()
    except Exception as error:
        assert "work.py" in explain(error)
        assert explain(error).startswith("GiveUp: the account was closed")
