"""Enqueueing: in the caller's transaction, with plain values, once per key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django_tasks import TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist, TaskResultMismatch

from etalage.jobs import enqueue_many, enqueue_once
from etalage.jobs.actions import retry_job
from etalage.jobs.claim import claim, due_lanes
from etalage.jobs.errors import UnknownTaskError
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, State
from etalage.jobs.registry import path_of
from etalage.jobs.settle import complete, reclaim
from etalage.kit import clock
from etalage.kit.ids import uuid7
from tests.jobs import work

pytestmark = pytest.mark.django_db


def test_a_job_enqueued_in_a_transaction_that_is_rolled_back_leaves_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        work.note.enqueue("never")
        enqueue_once(work.note, "key", "never")
        enqueue_many(work.note, [["never"]])
        raise ZeroDivisionError
    assert Job.objects.count() == 0


def test_a_task_gets_back_the_types_that_its_annotations_name() -> None:
    result = work.typed.enqueue(uuid7(), datetime(2026, 5, 1, tzinfo=UTC), [1, 2, 3])
    run_until_idle()
    result.refresh()
    assert result.return_value == "7 2026 6"


def test_a_task_refuses_arguments_that_are_rows_or_bytes() -> None:
    for value in (Job(), b"picture", object()):
        with pytest.raises(TypeError):
            work.note.enqueue(value)  # type: ignore[arg-type]
    assert Job.objects.count() == 0


def test_a_result_can_be_read_through_the_standard_interface() -> None:
    result = work.note.enqueue("hello")
    assert result.status == TaskResultStatus.READY
    run_until_idle()
    again = work.note.get_result(result.id)
    assert (again.status, again.return_value, again.attempts) == (TaskResultStatus.SUCCESSFUL, "hello", 1)
    with pytest.raises(TaskResultDoesNotExist):
        work.note.get_result(str(uuid4()))
    with pytest.raises(TaskResultMismatch):
        work.give_up.get_result(result.id)


def test_a_failed_result_names_its_error_without_secrets() -> None:
    result = work.fail.enqueue("once")
    run_until_idle(raising=False)
    result.refresh()
    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is ValueError
    assert "the shop said no" in result.errors[0].traceback
    assert "abcdefgh" not in result.errors[0].traceback
    assert "anna" not in result.errors[0].traceback


def test_a_second_job_with_the_key_of_an_unfinished_one_is_harmless() -> None:
    assert enqueue_once(work.note, "one", "a") is True
    assert enqueue_once(work.note, "one", "a") is False
    assert enqueue_once(work.note, "two", "b") is True
    assert enqueue_once(work.note_first, "one", "c") is True  # another task: another key
    run_until_idle()
    assert sorted(work.did()) == ["a", "b", "c"]
    assert enqueue_once(work.note, "one", "a") is True  # the first is finished


def test_a_key_asked_for_while_its_job_runs_makes_it_run_once_more() -> None:
    enqueue_once(work.note, "order-1", "credit")
    (job,) = claim(due_lanes()[0], "a worker", 1)
    for _ in range(3):
        assert enqueue_once(work.note, "order-1", "credit") is False
    complete(job, None)
    assert run_until_idle() == 1
    assert Job.objects.get().state == State.DONE


def test_a_key_asked_for_earlier_brings_a_waiting_job_forward_and_never_back() -> None:
    soon, later = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=5)
    enqueue_once(work.note, "k", "x", run_after=later)
    enqueue_once(work.note, "k", "x", run_after=soon)
    enqueue_once(work.note, "k", "x", run_after=later)
    assert Job.objects.get().run_after == soon


def test_a_job_between_two_attempts_keeps_its_back_off_when_asked_for_again() -> None:
    enqueue_once(work.fail_slowly, "k")
    run_until_idle(raising=False)
    waits_until = Job.objects.get().run_after
    enqueue_once(work.fail_slowly, "k")
    assert Job.objects.get().run_after == waits_until


@pytest.mark.parametrize("counted", [True, False])
def test_what_asked_for_patience_keeps_it_when_somebody_asks_again(counted: bool) -> None:
    """A network that said "not before" is not asked sooner because a second thing came up, also the first time."""
    enqueue_once(work.come_back, "k", counted)
    run_until_idle(raising=False)
    waits_until = Job.objects.get().run_after
    assert waits_until > clock.now() + timedelta(hours=1)
    enqueue_once(work.come_back, "k", counted)
    assert Job.objects.get().run_after == waits_until


def test_what_rests_runs_at_once_when_what_it_rested_for_is_over() -> None:
    enqueue_once(work.come_back, "k", False)
    run_until_idle(raising=False)
    enqueue_once(work.come_back, "k", False, at_once=True)
    job = Job.objects.get()
    assert job.run_after <= clock.now()
    assert job.counted_from is not None, "a clock that is set back does not make it wait"


def test_a_job_taken_back_from_a_dead_worker_keeps_its_rest_when_asked_for_again() -> None:
    enqueue_once(work.fail_slowly, "k")
    claim(due_lanes()[0], "a dead worker", 1)
    Job.objects.update(lease_clock="of an earlier boot")
    assert reclaim() == 1
    waits_until = Job.objects.get().run_after
    enqueue_once(work.fail_slowly, "k", run_after=clock.now() - timedelta(hours=1))
    assert Job.objects.get().run_after == waits_until


def test_actions_may_name_a_task_by_its_path() -> None:
    enqueue_once(work.note.module_path, "k", "by path")
    enqueue_many(work.note.module_path, [["one"], ["two"]])
    assert run_until_idle() == 3
    with pytest.raises(UnknownTaskError):
        enqueue_once("tests.jobs.work.nothing", "k")


def test_a_job_whose_task_is_not_known_here_waits_for_a_version_that_knows_it() -> None:
    work.fail_slowly.enqueue()
    Job.objects.update(task="etalage.future.tasks.shine")
    run_until_idle(raising=False)
    job = Job.objects.get()
    assert (job.state, job.error_class) == (State.WAITING, path_of(UnknownTaskError))


def test_a_failed_key_is_free_again_and_its_old_job_cannot_double_the_new_one() -> None:
    enqueue_once(work.give_up, "k")
    run_until_idle(raising=False)
    assert enqueue_once(work.give_up, "k") is True
    dead = Job.objects.get(state=State.DEAD)
    with pytest.raises(Exception, match="already waiting"):
        retry_job(dead.pk)


def test_arguments_are_stored_as_plain_json() -> None:
    work.typed.enqueue(uuid7(), datetime(2026, 5, 1, tzinfo=UTC), [1])
    assert json.loads(json.dumps(Job.objects.get().args))[1:] == ["2026-05-01T00:00:00+00:00", [1]]
