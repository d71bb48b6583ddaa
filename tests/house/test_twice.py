"""Every task and every handler of the program, run twice, has the effect of once.

A worker may die between the work and the note that it is done; then the work is done again. This walks through all that
the rooms declare, so that a task without a row in the table of prepared arguments fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core import mail
from django.db import transaction
from django.db.models import AutoField

from etalage.channels.queries import journal
from etalage.jobs import GiveUp, RetryAt
from etalage.jobs.models import Job, LiveChange, State
from etalage.jobs.registry import HANDLERS, TASKS
from etalage.kit import clock
from tests.house.twice_rows import HANDLER_ROWS, TASK_ROWS, Twice
from tests.house.world import House
from tests.practice_network import PracticeNetwork, practice_program

__all__ = ["practice_program"]
pytestmark = pytest.mark.django_db

OURS = {path for path in TASKS if path.startswith("etalage.")}
OUR_HANDLERS = {path for path in HANDLERS if path.startswith("etalage.")}
# A day marked twice is summed once.
MARKS = {"insights.StaleDay"}
Seen = dict[str, Any]


@pytest.fixture(scope="module")
def house(
    django_db_setup: None, django_db_blocker: Any, practice_program: PracticeNetwork
) -> Iterator[House]:
    """One house for all tasks: what a task changes is undone after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield House.build(practice_program)
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _offered(settings: Any, practice_program: PracticeNetwork) -> None:
    settings.PRACTICE_NETWORK = practice_program.base_url


def everything(house: House, counts: Any) -> Seen:
    """All that can be seen: rows, letters, what stands on the network, deliveries, and the work that waits."""
    found: Seen = {
        # A mail server takes each letter it is given; the same id lets mailboxes show it once.
        "letters": {
            (str(letter.to), letter.extra_headers.get("Message-ID", id(letter))) for letter in mail.outbox
        },
        "network": sorted(str(entry) for entry in house.practice.ledger().publications),
    }
    found["deliveries"] = [(one.network, one.key, one.delivery_id) for one in journal().pending(1000)]
    for model in apps.get_models():
        label = model._meta.label
        if label.startswith("jobs."):
            continue
        # The number of a row says only when it was written.
        fields = [f for f in model._meta.concrete_fields if not isinstance(f, AutoField)]
        names = [f.attname for f in fields if f"{label}.{f.attname}" not in counts]
        rows = sorted(repr(row) for row in model._base_manager.order_by().values_list(*names))
        found[label] = sorted(set(rows)) if label in MARKS else rows
    waiting = Job.objects.filter(state=State.WAITING).select_related("event")
    found["work"] = Counter(
        (job.task, str(job.args), job.key, str(job.event and job.event.payload)) for job in waiting
    )
    return found


def changed(before: Seen, after: Seen) -> dict[str, Any]:
    """What differs, by name."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def did(call: Any, words: tuple[Any, ...]) -> None:
    """Run it once; to ask for patience or to give up is an effect too."""
    with suppress(RetryAt, GiveUp):
        call(*words)


def prove(house: House, call: Any, row: Twice) -> None:
    with transaction.atomic(), time_machine.travel(clock.now(), tick=False):
        words = row.prepare(house)
        before = everything(house, row.counts)
        did(call, words)
        once = everything(house, row.counts)
        did(call, words)
        twice = everything(house, row.counts)
        assert changed(once, twice) == {}, "the second run did something more"
        if not row.idle:
            assert changed(before, once), "the first run had nothing to do: the row proves nothing"
        transaction.set_rollback(True)
    mail.outbox.clear()


def test_every_task_and_every_handler_has_a_row() -> None:
    assert set(TASK_ROWS) == OURS, "tests/house/twice_rows.py: TASK_ROWS"
    assert set(HANDLER_ROWS) == OUR_HANDLERS, "tests/house/twice_rows.py: HANDLER_ROWS"


@pytest.mark.parametrize("path", sorted(OURS & set(TASK_ROWS)))
def test_a_task_run_twice_has_the_effect_of_once(house: House, path: str) -> None:
    prove(house, TASKS[path].call, TASK_ROWS[path])


@pytest.mark.parametrize("path", sorted(OUR_HANDLERS & set(HANDLER_ROWS)))
def test_a_handler_run_twice_has_the_effect_of_once(house: House, path: str) -> None:
    prove(house, HANDLERS[path].call, HANDLER_ROWS[path])


def test_a_task_that_adds_each_time_is_found_out(house: House) -> None:
    """The control: the proof sees what it is there to see."""

    def adds() -> None:
        LiveChange.objects.create(name="not looked at: only a name for open pages")
        house.store.pk = None
        house.store.code = f"N{clock.elapsed()}"[:10]
        house.store.save(force_insert=True)

    with pytest.raises(AssertionError, match="something more"):
        prove(house, adds, Twice(lambda _house: ()))
