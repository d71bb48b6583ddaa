"""Family `saved`: the shop is backed up while everybody reserves and networks deliver, and put back elsewhere.

A round is one `etalage backup`, the command itself. What was acknowledged before it began is in the copy, once, and the
copy is one moment: its shelves have set aside just what its reservations keep. Nobody was answered with an error
meanwhile, or told to come again. The control reads one table after the other.
"""

from __future__ import annotations

import functools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import connection

from etalage.accounts.models import Store
from etalage.channels.items import key_of
from tests.faults import served
from tests.faults.buyers import Buyers, new_shelf
from tests.faults.crowd import Crowd, faults_of, troubles_of
from tests.faults.databases import HERE
from tests.faults.family import Line, Options, played, timed
from tests.faults.holdings import Holdings, holdings
from tests.faults.intake import Sender, listening_channel
from tests.faults.shop import manager

SHOP = "/en/shop/"
BUYERS, SENDERS, CHANNELS = 4, 4, 2
SHELVES, PIECES = 3, 1_000_000
FIRST = 40  # answers of each crowd before the first backup
BETWEEN = 40  # and between two tables that the control reads
MUST_BE_NONE = ("lost", "doubled", "stock off", "errors", "told to come again")


@dataclass(frozen=True)
class Told:
    """What had been acknowledged at one moment: codes of reservations, names of deliveries."""

    codes: set[str]
    deliveries: set[tuple[str, str]]


@dataclass(frozen=True)
class Crowds:
    """Buyers and networks at once, and what they were told."""

    buyers: Crowd
    senders: Crowd
    ledgers: tuple[Path, Path]

    def answers(self) -> int:
        """How many answers they have heard so far."""
        return self.buyers.answers() + self.senders.answers()

    def told(self) -> Told:
        """What was acknowledged to them so far. A line that is being written is left for the next time."""
        notes = [
            json.loads(line)
            for ledger in self.ledgers
            for line in ledger.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        ]
        codes = {note["code"] for note in notes if note.get("did") == "reserved"}
        return Told(codes, {(note["key"], note["name"]) for note in notes if note.get("status") == 200})


def run(options: Options) -> list[Line]:
    """A few backups of a busy shop, and once the control."""
    manager()
    served.warm(SHOP)
    with served.listening() as listener:
        cases = {"saved: while everybody asks": _saved, "control: one table after the other": _read_in_turn}
        return [
            played(functools.partial(_play, name, work, options, listener), work is _read_in_turn)
            for name, work in cases.items()
            if options.only in name
        ]


def _play(
    name: str, work: Any, options: Options, listener: socket.socket, number: int, is_final: bool
) -> Line:
    chance = options.chance("saved", options.database, name, number)
    line = Line(name, {}, is_control=work is _read_in_turn, is_final=is_final)
    with timed(line), served.unharmed(served.serving(listener, None)), ExitStack() as crowds_end:
        crowds = _crowds(options, listener.getsockname()[1], chance.random())
        crowds_end.callback(crowds.senders.finish)
        crowds_end.callback(crowds.buyers.finish)
        _wait_for(crowds, FIRST)
        line.counts, line.broken = work(options, crowds)
        crowds_end.pop_all()
        notes = crowds.buyers.finish() + crowds.senders.finish()
        line.broken += faults_of(notes)
        if work is _saved:
            told_to_come = sum(note.get("trouble") == 503 for note in notes)
            line.counts |= {"errors": troubles_of(notes), "told to come again": told_to_come}
            line.broken += [name for name in MUST_BE_NONE if line.counts[name]]
    return line


def _crowds(options: Options, port: int, seed: float) -> Crowds:
    store, _made = Store.objects.get_or_create(code="GNT", defaults={"name": "Ghent"})
    buyers = Buyers([new_shelf(store, PIECES) for _ in range(SHELVES)], [], only_reserves=True)
    sender = Sender([key_of(listening_channel(f"saved {place} {seed}")) for place in range(CHANNELS)])
    ledgers = options.folder / f"{uuid4().hex}.jsonl", options.folder / f"{uuid4().hex}.jsonl"
    for ledger in ledgers:
        ledger.touch()
    buying = Crowd(ledgers[0], port, seed, BUYERS, buyers)
    return Crowds(buying, Crowd(ledgers[1], port, seed, SENDERS, sender), ledgers)


def _wait_for(crowds: Crowds, answers: int) -> None:
    """Wait until both crowds have heard so many more."""
    goals = [(crowd, crowd.answers() + answers) for crowd in (crowds.buyers, crowds.senders)]
    for crowd, goal in goals:
        while crowd.answers() < goal:
            assert not crowd.is_gone()
            time.sleep(0.01)


def _saved(options: Options, crowds: Crowds) -> tuple[dict[str, int], list[str]]:
    """Back up and put back as often as it is asked for; counts, and what did not hold besides them."""
    lost = doubled = off = meanwhile = codes = deliveries = 0
    for _round in range(options.rounds):
        told, before = crowds.told(), crowds.answers()
        file = options.folder / f"{uuid4().hex}.tar"
        _etalage({}, "backup", str(file))
        meanwhile += crowds.answers() - before
        copy = _put_back(file)
        file.unlink()
        codes, deliveries = len(told.codes), len(told.deliveries)
        lost += len(told.codes - set(copy.codes))
        lost += sum(f"{key}:{name}-0" not in copy.heard for key, name in told.deliveries)
        doubled += len(copy.codes) - len(set(copy.codes)) + sum(count > 1 for count in copy.heard.values())
        off += _stock_off(copy)
    counts = {
        "backups": options.rounds,
        "answers meanwhile": meanwhile,
        "reserved": codes,
        "heard": deliveries,
    }
    broken = [] if meanwhile and codes and deliveries else ["nobody asked meanwhile"]
    return counts | {"lost": lost, "doubled": doubled, "stock off": off}, broken


def _read_in_turn(options: Options, crowds: Crowds) -> tuple[dict[str, int], list[str]]:
    """What a copy holds that takes one table and then the next."""
    copy = holdings(lambda: _wait_for(crowds, BETWEEN))
    off = _stock_off(copy)
    return {"reserved": len(copy.codes), "stock off": off}, [] if off else ["saw no stock off"]


def _stock_off(copy: Holdings) -> int:
    """Shelves that have set aside more or less than reservations keep."""
    return sum(copy.kept.get(key) != copy.aside.get(key) for key in copy.kept.keys() | copy.aside.keys())


def _etalage(elsewhere: dict[str, str], *words: str) -> None:
    """The command itself, to its end."""
    _python(elsewhere, "etalage", *words)


def _python(elsewhere: dict[str, str], module: str, *words: str) -> str:
    command = [sys.executable, "-W", "ignore", "-m", module, *words]
    done = subprocess.run(
        command, cwd=HERE, env=os.environ | elsewhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _put_back(file: Path) -> Holdings:
    """What the copy holds on another machine, once what waits there was taken in."""
    with tempfile.TemporaryDirectory() as folder, _empty_database() as address:
        elsewhere = {"ETALAGE_DATA": folder, "DATABASE_URL": address}
        _etalage(elsewhere, "restore", str(file), "--data", folder, "--yes")
        return Holdings(**json.loads(_python(elsewhere, "tests.faults.holdings").splitlines()[-1]))


@contextmanager
def _empty_database() -> Iterator[str]:
    """The address of one more database on this run's server; nothing where the database is a file."""
    if connection.vendor != "postgresql":
        yield ""
        return
    name = f"elsewhere_{uuid4().hex[:8]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
