"""The schedule: once per period for the whole installation, whoever looks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from etalage.jobs.claim import claim, due_lanes
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, Schedule
from etalage.jobs.registry import PERIODIC
from etalage.jobs.schedule import enqueue_due, enqueue_if_due, every
from etalage.jobs.settle import complete
from etalage.kit import clock
from tests.jobs import work

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_entry(no_periodic_work: None) -> Iterator[None]:
    """A schedule of one task, `give_up`, every ten minutes."""
    every(minutes=10)(work.give_up)
    yield
    PERIODIC.clear()


def at(minutes: float) -> int:
    """How many jobs a scheduler enqueues that looks so many minutes after noon; they are done at once."""
    with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
        enqueued = enqueue_due()
        run_until_idle(raising=False)
    return enqueued


@pytest.mark.django_db
def test_a_new_entry_runs_at_once_and_then_once_in_every_period() -> None:
    assert [at(minutes) for minutes in (0, 1, 9.9, 10, 10.1, 19, 20.5, 29.9, 30)] == [
        1,
        0,
        0,
        1,
        0,
        0,
        1,
        0,
        1,
    ]


@pytest.mark.django_db
def test_periods_missed_while_nothing_ran_are_not_made_up_for() -> None:
    assert [at(0), at(65), at(66), at(70)] == [1, 1, 0, 1]


@pytest.mark.django_db
def test_a_clock_set_back_delays_the_next_run_by_one_period_at_most() -> None:
    at(0)
    assert at(-600) == 0
    assert at(-590) == 1


@pytest.mark.django_db
def test_a_shorter_period_takes_effect_with_the_next_version() -> None:
    at(0)
    every(minutes=2)(work.give_up)
    assert [at(1), at(3.1)] == [0, 1]


@pytest.mark.django_db
def test_a_run_that_is_unfinished_is_neither_doubled_nor_run_once_more() -> None:
    with time_machine.travel(NOON, tick=False):
        enqueue_due()
        (slow,) = claim(due_lanes()[0], "w", 1)
    with time_machine.travel(NOON + timedelta(minutes=11), tick=False):
        assert enqueue_due() == 0
        complete(slow, None)
        assert due_lanes() == []
    assert at(20) == 1


@pytest.mark.django_db
def test_a_scheduler_that_looked_before_another_acted_does_nothing() -> None:
    at(0)
    looked = Schedule.objects.get()
    assert at(10) == 1  # the other one was quicker, and its job is done already
    with time_machine.travel(NOON + timedelta(minutes=10), tick=False):
        assert enqueue_if_due(PERIODIC[looked.name], looked, clock.now()) is False
    assert Job.objects.filter(state="waiting").count() == 0


@pytest.mark.django_db(transaction=True)
def test_many_schedulers_enqueue_a_period_once() -> None:
    for minutes in (0, 10, 20):
        gate = threading.Barrier(4)

        def look(gate: threading.Barrier = gate) -> None:
            gate.wait()
            enqueue_due()
            connection.close()

        with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
            threads = [threading.Thread(target=look) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert Job.objects.filter(state="waiting").count() == 1
            run_until_idle(raising=False)
    assert Job.objects.count() == 3
    assert Schedule.objects.get().next_at == NOON + timedelta(minutes=30)


def test_a_period_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        every()
