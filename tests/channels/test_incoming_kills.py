"""A delivery that ends the process which takes it in ends as a dead letter, alone: real processes die of it."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from etalage.channels import actions, queries
from etalage.channels.items import key_of
from etalage.channels.models import Channel, Incoming
from etalage.edge.deliveries import Delivery
from etalage.edge.journal import INTERRUPTED, Journal
from etalage.kit.ids import uuid7
from tests.channels.drain_process import TRIES
from tests.channels.guild import item
from tests.conftest import World

pytestmark = pytest.mark.django_db(transaction=True)
ENDS = {"kill": -signal.SIGKILL, "segfault": -signal.SIGSEGV}


@pytest.fixture
def channels() -> list[Channel]:
    """Two accounts of the guild."""
    return [
        Channel.objects.create(
            network="guild", name=name, handle=name, remote_id=name, base_url="https://guild.example"
        )
        for name in ("here", "there")
    ]


def come(journal: Journal, channels: list[Channel], poison: str) -> str:
    """Ten deliveries for both channels in turn, which make one batch, the fifth of them deadly; its id."""
    rows = []
    for number in range(10):
        body = poison.encode() if number == 4 else json.dumps({"items": [item(number)]}).encode()
        key = key_of(channels[number % 2])
        rows.append(Delivery(uuid7().hex, "guild", key, uuid7().hex, number, "{}", body))
    journal.keep(rows, min_free_bytes=0)
    return rows[4].id


def drain(folder: Path, *way: str) -> int:
    """Let a process of its own drain; its exit status."""
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.channels.drain_process", name, str(folder), *way]
    return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=120, check=False).returncode


def make_due(folder: Path) -> None:
    """Time passes."""
    with closing(sqlite3.connect(folder / "journal.sqlite3", isolation_level=None)) as file:
        file.execute("UPDATE delivery SET not_before_us = 0")


@pytest.mark.parametrize("poison", ENDS)
def test_a_deadly_delivery_becomes_a_dead_letter_and_its_neighbours_are_taken_in(
    channels: list[Channel], journal: Journal, folder: Path, poison: str
) -> None:
    letter = come(journal, channels, poison)
    assert drain(folder) == ENDS[poison]
    assert not Incoming.objects.filter(channel=channels[0]).exists(), "it was in hand with its neighbours"
    assert drain(folder) == ENDS[poison]
    assert drain(folder) == 0, "this time it was alone, and waits a while"
    assert Incoming.objects.count() == 9 and journal.pending() == journal.dead() == []
    for _try in range(TRIES - 2):
        make_due(folder)
        assert drain(folder) == ENDS[poison]
    assert drain(folder) == 0
    (dead,) = journal.dead()
    assert (dead.id, dead.attempts, dead.reason) == (letter, TRIES, INTERRUPTED)
    assert journal.pending() == [] and Incoming.objects.count() == 9
    (told,) = queries.dead_letters()
    assert str(told.why).startswith("The program ended")


def test_what_is_deadly_and_tried_again_by_people_takes_nobody_along(
    channels: list[Channel], journal: Journal, folder: Path, world: World
) -> None:
    letter = come(journal, channels, "kill")
    for one in journal.begin(journal.pending()):
        journal.mark_failed(one, one.reason if one.id == letter else "unreadable")
    assert actions.replay_letter(letter, actor=world.manager)
    come(journal, channels, '{"items": []}')
    assert drain(folder) == ENDS["kill"]
    assert {one.attempts for one in journal.pending()} == {0, 1}
    assert [one.id for one in journal.pending() if one.attempts] == [letter], "in hand alone from the start"


def test_control_what_is_counted_after_its_work_is_never_counted(
    channels: list[Channel], journal: Journal, folder: Path
) -> None:
    letter = come(journal, channels, "kill")
    assert {drain(folder, "naive") for _time in range(3)} == {ENDS["kill"]}
    waiting = journal.pending()
    assert (waiting[0].id, waiting[0].attempts, journal.dead()) == (letter, 0, [])
    assert Incoming.objects.count() == 4, "what came behind it waits for ever"
