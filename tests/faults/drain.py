"""Family `drain`: the job that takes in what waits in the journal is killed, also between its two databases.

A round is one `kill -9` of one of two workers that drain at the same time, at a random moment or at a named point: a
statement, before the journal is marked, after it. Each delivery becomes its rows once and is announced once, the order
of each channel is kept, and what cannot be read stops nothing else. What was in hand alone at a kill looks like the
kill's cause and is put aside for a while: it may come later, and only it. Beside it drains as others write them.
"""

from __future__ import annotations

import functools
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Set
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection

from etalage.channels.actions import drain_incoming, incoming
from etalage.channels.events import ReceivedFromNetwork
from etalage.channels.items import key_of
from etalage.channels.models import Channel, Incoming, Listening
from etalage.channels.queries import journal
from etalage.edge.deliveries import Delivery
from etalage.edge.journal import Journal, Waiting
from etalage.jobs.models import Event
from etalage.jobs.registry import path_of
from etalage.kit import clock
from etalage.networks import registry
from tests.faults import network, workers
from tests.faults.family import Line, Options, played, timed
from tests.faults.shop import manager

LIVES = (0.005, 0.15)
CHANNELS = 4
PER_KILL = 12  # deliveries that come in
FINISH = 180.0  # seconds at most until nothing waits, once nobody is killed any more
HASTE = timedelta(milliseconds=1)  # until what could not be read is tried again, the first time
TRIES = 8  # so that nothing is in hand at that many kills by chance
PUT_ASIDE = 3  # tries: one among others, one alone, and then one later
POINTS = ("statement", "before_mark", "after_mark")
TOLD_AGAIN, TAKEN_AWAY, REPEATED, POISON = 0.15, 0.08, 0.15, 0.03
TABLE = "faults_naive_rows"


@dataclass(frozen=True)
class Case:
    """Who drains, how many beside each other, and for a control the count that must not be zero."""

    name: str
    work: Callable[[], None]
    sees: str = ""
    beside: int = 2


@dataclass
class Thing:
    """What somebody did, as its network will have told it in the end. `place` is where it came in first."""

    place: int
    text: str
    is_gone: bool = False
    tellings: int = 1


@dataclass
class Feed:
    """Networks that deliver to several channels: told anew, taken away, told twice, and unreadable."""

    channels: list[Channel]
    chance: random.Random
    things: dict[tuple[str, str], Thing] = field(default_factory=dict)
    poison: set[str] = field(default_factory=set)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    number: int = 0
    places: dict[str, int] = field(default_factory=dict)

    def come(self, count: int) -> None:
        """So many more deliveries wait in the journal."""
        journal().keep([self._delivery() for _ in range(count)], min_free_bytes=0)

    def _delivery(self) -> Delivery:
        key, chance = key_of(self.chance.choice(self.channels)), self.chance
        self.number += 1
        if chance.random() < POISON:
            body = chance.choice((b"<html>", b'{"items": [{}]}', b'{"items": [', b"\xff\xfe", b"[]"))
            delivery = uuid4().hex
            self.poison.add(delivery)
            return self._row(delivery, key, body)
        items = [self._item(key) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
        return self._row(uuid4().hex, key, json.dumps({"number": self.number, "items": items}).encode())

    def _row(self, delivery: str, key: str, body: bytes) -> Delivery:
        self.places[delivery] = self.number
        return Delivery(delivery, "practice", key, delivery, clock.to_micros(clock.now()), "{}", body)

    def _item(self, key: str) -> dict[str, Any]:
        """Something new, or more about something that was told before."""
        known = [name for of, name in list(self.things)[-40:] if of == key]
        luck = self.chance.random()
        if not known or luck > TOLD_AGAIN + TAKEN_AWAY + REPEATED:
            name = f"thing-{self.number}-{len(self.things)}"
            self.things[key, name] = Thing(self.number, f"{name}, version 1")
            return self._told(key, name)
        name = self.chance.choice(known)
        thing = self.things[key, name]
        if luck < TOLD_AGAIN and not thing.is_gone:
            thing.tellings += 1
            thing.text = f"{name}, version {thing.tellings}"
        elif luck < TOLD_AGAIN + TAKEN_AWAY and not thing.is_gone:
            thing.tellings += 1
            thing.is_gone = True
            return self._told(key, name, kind="removed", later=1000.0)
        return self._told(key, name)

    def _told(self, key: str, name: str, *, kind: str = "comment", later: float = 0.0) -> dict[str, Any]:
        thing = self.things[key, name]
        self.told[key, thing.text] += 1
        version = int(thing.text.rpartition(" ")[2])
        return {
            "kind": kind,
            "id": name,
            "author": {"id": "nora", "handle": "nora", "name": "Nora"},
            "at": BEGUN + thing.place + version / 100 + later,
            "text": thing.text,
            "language": "en",
            "status_id": "1",
            "in_reply_to": "",
            "url": "",
        }


BEGUN = time.time() - 30 * 86400


def drain() -> None:
    """What the job does every few seconds, without the seconds in between."""
    while True:
        drain_incoming()
        time.sleep(0.003)


def naive(*, mark_first: bool = False, shuffled: bool = False, stops: bool = False) -> None:
    """A drain into a table without a unique key: one row for each thing, as it comes."""
    connector: Any = registry.get("practice")
    while True:
        batch = journal().pending(20)
        if shuffled:
            random.shuffle(batch)
        for delivery in batch:
            try:
                items = connector.parse(delivery.body)
            except ValueError as error:
                if stops:
                    break  # it is tried again, and again
                journal().mark_failed(delivery, str(error))
                continue
            if mark_first:
                journal().mark_done(delivery)
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {TABLE} (channel, remote_id, text) VALUES (%s, %s, %s)",
                    [(delivery.key, item.remote_id, item.text) for item in items],
                )
            if not mark_first:
                journal().mark_done(delivery)
        time.sleep(0.003)


CASES = [
    Case("drain: two workers", drain),
    Case("control: marked, then written", functools.partial(naive, mark_first=True), "lost", 1),
    Case("control: written without a unique key", naive, "doubled", 1),
    Case("control: taken in any order", functools.partial(naive, shuffled=True), "out of order", 1),
    Case("control: stops at what it cannot read", functools.partial(naive, stops=True), "blocked", 1),
]
MUST_BE_NONE = ("lost", "doubled", "wrong", "out of order", "blocked", "told wrongly", "poison")


def run(options: Options) -> list[Line]:
    """Every combination, each with channels of its own."""
    manager()
    network.install()
    incoming.FIRST_WAIT, incoming.MOST_TRIES = HASTE, TRIES
    _mark_passes_points()
    journal().keep([], min_free_bytes=0)
    return [
        played(functools.partial(_play, case, options), bool(case.sees))
        for case in CASES
        if options.only in case.name
    ]


def _mark_passes_points() -> None:
    """A worker can be killed between the commit of the rows and the mark in the journal."""
    mark = Journal.mark_done

    def marked(self: Journal, *deliveries: Waiting) -> None:
        network.passing("before_mark")
        mark(self, *deliveries)
        network.passing("after_mark")

    Journal.mark_done = marked  # type: ignore[method-assign]


def _play(case: Case, options: Options, number: int, is_final: bool) -> Line:
    chance = options.chance("drain", options.database, case.name, number)
    rounds = max(20, options.rounds // 5) if case.sees else options.rounds
    line = Line(case.name, {}, is_control=bool(case.sees), is_final=is_final)
    with timed(line):
        _empty_journal()
        feed = Feed([_channel(case.name, place) for place in range(CHANNELS)], chance)
        if case.sees:
            _naive_table()

        def begin() -> tuple[workers.Work, float]:
            feed.come(PER_KILL)
            return _doomed(chance, case)

        workers.kill_many(rounds, case.beside, begin)
        patience = 3.0 if case.sees == "blocked" else FINISH
        workers.let_finish(case.beside, case.work, _is_empty, patience)
        verdict = _judge_naive(feed) if case.sees else _judge(feed)
        line.counts = {"kills": rounds, "deliveries": feed.number, **verdict}
        if case.sees:
            line.broken = [] if verdict[case.sees] else [f"saw nothing {case.sees}"]
        else:
            line.broken = [name for name in MUST_BE_NONE if verdict[name]]
    return line


def _doomed(chance: random.Random, case: Case) -> tuple[workers.Work, float]:
    """A worker that is killed at a random moment, or kills itself at a named point; a control mostly at the mark."""
    points = POINTS[1:] if case.sees else POINTS
    life, seed, point = chance.uniform(*LIVES), chance.random(), chance.choice(points)
    number = chance.randint(1, 60) if point == "statement" else chance.randint(1, 8)
    if chance.random() < 0.5:
        point, number = "", 0
    else:
        life = 3 * LIVES[1]  # long enough to get to its point

    def live() -> None:
        random.seed(seed)
        network.plan(point, number, network.kill_me)
        case.work()

    return live, life


def _channel(name: str, place: int) -> Channel:
    channel = Channel.objects.create(
        network="practice",
        name=f"{name} {place}",
        handle=uuid4().hex[:12],
        remote_id=uuid4().hex,
        base_url="http://127.0.0.1:9",
    )
    Listening.objects.create(channel=channel)
    return channel


def _empty_journal() -> None:
    """What a control left behind is nobody's business any more."""
    for one in journal().pending(100_000):
        journal().mark_failed(one, "left behind")
    journal().drop_dead()


def _is_empty() -> bool:
    """Nothing waits: neither now nor later."""
    return not _waiting()


def _waiting() -> int:
    with closing(sqlite3.connect(settings.DATA / "journal.sqlite3", timeout=20)) as database:
        sql = "SELECT count(*) FROM delivery WHERE state = 'waiting'"
        return int(database.execute(sql).fetchone()[0])


def _judge(feed: Feed) -> dict[str, int]:
    """Compare the rows with what the networks told, and the journal with what could not be read."""
    rows = list(Incoming.objects.filter(channel__in=feed.channels).exclude(kind="removed"))
    found = Counter((row.channel_id.hex, row.remote_id) for row in rows)
    wrong = sum(not _is_as_told(row, feed.things.get((row.channel_id.hex, row.remote_id))) for row in rows)
    dead = {one.id for one in journal().dead(100_000)}
    events = Event.objects.filter(name=path_of(ReceivedFromNetwork)).values_list("payload", flat=True)
    told = Counter(payload["incoming_id"].replace("-", "") for payload in events)
    aside = {feed.places[delivery] for delivery in _tried(PUT_ASIDE) if delivery in feed.places}
    return {
        "things": len(feed.things),
        "unreadable": len(feed.poison),
        "lost": len(feed.things.keys() - found.keys()),
        "doubled": sum(count > 1 for count in found.values()),
        "wrong": wrong,
        "put aside": len(aside),
        "out of order": _out_of_order(feed, _by_arrival(feed, rows), aside),
        "blocked": _waiting(),
        "told wrongly": sum(not 1 <= told[row.pk.hex] <= _thing(feed, row).tellings for row in rows),
        "poison": len(dead ^ feed.poison),
    }


def _thing(feed: Feed, row: Incoming) -> Thing:
    return feed.things.get((row.channel_id.hex, row.remote_id), Thing(0, "", tellings=0))


def _is_as_told(row: Incoming, thing: Thing | None) -> bool:
    return thing is not None and row.text == thing.text and (row.removed_at is not None) == thing.is_gone


def _by_arrival(feed: Feed, rows: list[Incoming]) -> list[tuple[str, str]]:
    """In the order in which they were taken in; those of one moment came together."""
    arrived = sorted(
        (row.received_at, _thing(feed, row).place, row.channel_id.hex, row.remote_id) for row in rows
    )
    return [(key, name) for _at, _place, key, name in arrived]


def _tried(times: int) -> list[str]:
    """Deliveries that were tried so often or more."""
    with closing(sqlite3.connect(settings.DATA / "journal.sqlite3", timeout=20)) as database:
        rows = database.execute("SELECT id FROM delivery WHERE attempts >= ? AND reason = ''", (times,))
        return [str(delivery) for (delivery,) in rows]


def _out_of_order(feed: Feed, taken: list[tuple[str, str]], aside: Set[int] = frozenset()) -> int:
    """How often something was taken in before something of the same channel that had come earlier, if not put aside."""
    latest: Counter[str] = Counter()
    count = 0
    for key, name in taken:
        place = feed.things[key, name].place
        if place in aside:
            continue
        count += place < latest[key]
        latest[key] = max(latest[key], place)
    return count


def _naive_table() -> None:
    number = "BIGSERIAL" if connection.vendor == "postgresql" else "INTEGER"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(
            f"CREATE TABLE {TABLE} (id {number} PRIMARY KEY, channel TEXT, remote_id TEXT, text TEXT)"
        )


def _judge_naive(feed: Feed) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT channel, remote_id, text FROM {TABLE} ORDER BY id")
        rows = [(str(key), str(name), str(text)) for key, name, text in cursor.fetchall()]
    firsts = list(dict.fromkeys((key, name) for key, name, _text in rows))
    waiting = _waiting()
    return {
        "things": len(feed.things),
        "lost": len(feed.things.keys() - set(firsts)) if not waiting else 0,
        "doubled": sum(
            count > feed.told[key, text]
            for (key, text), count in Counter((k, t) for k, _n, t in rows).items()
        ),
        "out of order": _out_of_order(feed, firsts),
        "blocked": waiting,
    }
