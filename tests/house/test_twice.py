"""Every task and every handler of the program, run twice, has the effect of once.

A worker may die between the work and the note that it is done; then the work is done again. This walks through all that
the rooms declare, so that a task without a row in the table of prepared arguments fails.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.db.models import AutoField

from etalage.jobs import GiveUp, RetryAt
from etalage.jobs.models import Job, LiveChange, State
from etalage.jobs.registry import HANDLERS, TASKS
from etalage.kit import clock
from etalage.kit.fields import SecretText
from etalage.networks import inside, registry
from tests.channels.guild import running_guild
from tests.house.twice import Twice
from tests.house.twice_rows import HANDLER_ROWS, TASK_ROWS
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
        with running_guild() as guild:
            house = House.build(practice_program)
            house.guild = guild
            yield house
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _offered(settings: Any, monkeypatch: Any, tmp_path: Path, house: House) -> Iterator[None]:
    settings.PRACTICE_NETWORK = house.practice.base_url
    settings.EMAIL_FILE_PATH = tmp_path / "letters"
    monkeypatch.setitem(registry.CONNECTORS, "guild", "tests.house.twice_planted:RingingGuild")
    monkeypatch.setattr(inside, "_origins", {house.guild.base_url})
    registry.get.cache_clear()  # other tests have a guild of that name without a bell
    yield
    registry.get.cache_clear()


def everything(house: House, row: Twice) -> Seen:
    """All that can be seen: rows, letters, what stands on the network, the edge's files, and the work that waits."""
    found: Seen = {
        # A mail server takes each letter it is given; the same id lets mailboxes show it once.
        "letters": {
            (str(letter.to), letter.extra_headers.get("Message-ID", id(letter))) for letter in mail.outbox
        },
        "network": sorted(str(entry) for entry in house.practice.ledger().publications),
    }
    found["clicks"], found["deliveries"] = in_file("clicks", "click"), in_file("journal", "delivery")
    found["more"] = row.sees(house)
    for model in apps.get_models():
        label = model._meta.label
        if label.startswith("jobs."):
            continue
        # The number of a row says only when it was written.
        fields = [f for f in model._meta.concrete_fields if not isinstance(f, AutoField)]
        names = [f.attname for f in fields if f"{label}.{f.attname}" not in row.counts]
        table = model._base_manager.order_by().values_list(*names)
        rows = sorted(repr([told(value) for value in one]) for one in table)
        found[label] = sorted(set(rows)) if label in MARKS else rows
    waiting = Job.objects.filter(state=State.WAITING).select_related("event")
    found["work"] = Counter(
        (job.task, str(job.args), job.key, str(job.event and job.event.payload)) for job in waiting
    )
    return found


def told(value: Any) -> Any:
    """A secret does not show itself, but another one is another one."""
    return hashlib.sha256(value.encode()).digest() if isinstance(value, SecretText) else value


def in_file(name: str, table: str) -> list[str]:
    """The rows of one of the edge's files."""
    path = Path(settings.DATA) / f"{name}.sqlite3"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        return [repr(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]


def changed(before: Seen, after: Seen) -> dict[str, Any]:
    """What differs, by name."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def did(call: Any, words: tuple[Any, ...], row: Twice) -> None:
    """Run it once; to ask for patience or to give up is an effect too."""
    with suppress(RetryAt, GiveUp), row.within():
        call(*words)


def prove(house: House, call: Any, row: Twice) -> None:
    with transaction.atomic(), time_machine.travel(clock.now(), tick=False):
        words = row.prepare(house)
        before = everything(house, row)
        did(call, words, row)
        once = everything(house, row)
        did(call, words, row)
        twice = everything(house, row)
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
