"""The outbox: an event is announced with the data that made it true; each handler is a job of its own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import IntegrityError, transaction

from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Event, Job, State
from etalage.jobs.outbox import announce, announce_many
from etalage.jobs.registry import describe
from etalage.kit.ids import uuid7
from tests.jobs import work

pytestmark = pytest.mark.django_db


def test_every_handler_of_an_event_runs_with_the_event_as_it_was_announced() -> None:
    announce(work.Sold(uuid7(), 4900, ("SPRING", "VIP")))
    assert run_until_idle() == 2
    assert sorted(work.did()) == ["credit 7 4900 SPRING+VIP", "thanks"]


def test_an_event_announced_in_a_transaction_that_is_rolled_back_never_happened() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        announce(work.Sold(uuid7(), 1))
        raise ZeroDivisionError
    assert (Event.objects.count(), Job.objects.count()) == (0, 0)


def test_a_handler_that_fails_is_tried_again_alone() -> None:
    announce(work.Sold(uuid7(), -1))
    run_until_idle(raising=False)
    assert work.did() == ["credit 7 -1 "]  # nothing of the failed handler stays
    assert dict(Job.objects.values_list("task", "attempts")) == {
        "tests.jobs.work.credit_it": 1,
        "tests.jobs.work.thank_them": 2,
    }
    assert Job.objects.get(task="tests.jobs.work.thank_them").state == State.DEAD


def test_a_handler_has_one_job_per_event_also_after_it_is_done() -> None:
    announce(work.Sold(uuid7(), 1))
    run_until_idle()
    job = Job.objects.first()
    assert job is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(
            task=job.task, event=job.event, queue="default", max_attempts=1, backoff=0, lease_seconds=60
        )


def test_an_event_that_nobody_handles_is_kept_and_harmless() -> None:
    announce(work.Unheard("hello"))
    assert run_until_idle() == 0
    assert Event.objects.get().payload == {"text": "hello"}


def test_many_events_are_announced_in_few_statements(django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        announce_many(work.Sold(uuid7(), cents) for cents in range(1, 101))
    assert Job.objects.count() == 200


def test_only_dataclasses_of_plain_values_are_events() -> None:
    @dataclass(frozen=True)
    class Heavy:
        job: Job

    with pytest.raises(TypeError):
        announce("sold")
    with pytest.raises(TypeError):
        announce(work.Sold)
    with pytest.raises(TypeError):
        announce(Heavy(Job()))
    assert Event.objects.count() == 0


def test_the_listing_names_each_event_with_its_handlers() -> None:
    lines = describe().splitlines()
    place = lines.index("  tests.jobs.work.Sold")
    assert "tests.jobs.work.credit_it" in lines[place + 1]
    assert "tests.jobs.work.thank_them" in lines[place + 2]
    assert any("etalage.jobs.tasks.prune_jobs" in line for line in lines[lines.index("Tasks") :])
