"""What the program does with its own files, call after call, until the power is cut; and what is in them afterwards.

The edge is the real one, code and tables: `journal_store` as intake writes it, `Journal` as jobs read, mark and prune
it, `click_store` and `ClickLog`. The shop's database is the real one too, migrated, with Django's own settings of a
connection and the real tables of events and jobs; Django words the new rows. Stand-ins are who sends them, because
Django's back end runs on Python's own SQLite only, and what is sent: an event with one job, that job's end, and the
removal of both, instead of the shop's whole life.
"""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
import zlib
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from django.db import connection as django_connection
from django.db.models import Model
from django.db.models.sql import InsertQuery

from etalage.edge.click_log import ClickLog
from etalage.edge.clicks import Click, click_store
from etalage.edge.deliveries import Delivery, journal_store
from etalage.edge.journal import Failure, Journal
from etalage.environment import SQLITE_PRAGMAS
from etalage.jobs.models import Event, Job
from tests.faults.databases import FILE

JOURNAL, CLICKS = "journal.sqlite3", "clicks.sqlite3"
#: How far a row came. The row itself is gone only where that was asked for.
STAGES = ("waiting", "failed", "done", "forgotten")
GONE = "gone"
FUTURE_US = 1 << 60

Promises = dict[str, str]  # how far each row came, as was acknowledged


def take_in(folder: Path, chance: random.Random, promises: Promises) -> None:
    """Deliveries in groups, as under load; now and then more than fit one statement, or the edge starts again.

    Somebody who reads meanwhile holds a checkpoint back: a part of the log is written back, and it is not begun again.
    """
    store, readers = journal_store(folder / JOURNAL), list[Any]()
    while True:
        size = chance.randrange(65, 90) if chance.random() < 0.03 else chance.randrange(1, 12)
        batch = [_delivery(chance) for _ in range(size)]
        store.write(batch)
        promises |= {one.id: "waiting" for one in batch}
        if chance.random() < 0.1:
            readers.append(_reader(folder / JOURNAL))
        elif readers and chance.random() < 0.3:
            readers.pop(0).close()
        if chance.random() < 0.05:
            store.close()


def _reader(path: Path) -> Any:
    """A connection in the middle of reading."""
    connection = sqlite3.connect(path)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM delivery")
    return connection


def handle(folder: Path, chance: random.Random, promises: Promises) -> None:
    """Deliveries come in and are handled: begun, done, failed, given up, emptied, pruned; each by its own call."""
    store, journal = journal_store(folder / JOURNAL), Journal(folder / JOURNAL)
    while True:
        batch = [_delivery(chance) for _ in range(chance.randrange(1, 9))]
        store.write(batch)
        promises |= {one.id: "waiting" for one in batch}
        with ExitStack() as turn:
            if chance.random() < 0.5:
                turn.enter_context(journal.turn())
            for act in chance.choices((_work, _give_up, _empty, _prune), (6, 1, 1, 1), k=2):
                act(journal, chance, promises)
        if chance.random() < 0.1:
            store.close()  # the last one to close writes the log back, and removes it


def _work(journal: Journal, chance: random.Random, promises: Promises) -> None:
    begun = journal.begin(journal.pending(chance.randrange(1, 12)))
    good = [one for one in begun if chance.random() < 0.7]
    journal.mark_done(*good)
    promises |= {one.id: "done" for one in good}
    bad = [one for one in begun if one not in good]
    journal.mark_all_failed([Failure(one, "no such order") for one in bad])
    promises |= {one.id: "failed" for one in bad}


def _give_up(journal: Journal, chance: random.Random, promises: Promises) -> None:
    dead = [one.id for one in journal.dead(chance.randrange(1, 5))]
    if dead:  # without ids it would be all of them
        journal.drop_dead(*dead)
        promises |= dict.fromkeys(dead, "forgotten")


def _empty(journal: Journal, chance: random.Random, promises: Promises) -> None:
    ids = chance.sample(sorted(promises), min(2, len(promises)))
    journal.empty(*ids)
    promises |= dict.fromkeys(ids, "forgotten")


def _prune(journal: Journal, chance: random.Random, promises: Promises) -> None:
    done = [one for one, stage in promises.items() if stage == "done"]
    journal.prune(FUTURE_US)
    promises |= dict.fromkeys(done, "forgotten")


def _delivery(chance: random.Random) -> Delivery:
    name, body = _name(chance), sealed(chance, chance.randrange(20, 3000))
    return Delivery(name, "practice", "key", name, 0, "{}", body)


def kept_deliveries(folder: Path) -> dict[str, str]:
    """How far each delivery came, after the edge has opened its journal again."""
    store = journal_store(folder / JOURNAL)
    store.open()
    store.close()
    rows = _read(folder / JOURNAL, "SELECT id, state, body FROM delivery")
    return {name: _stage(state, body) for name, state, body in rows}


def _stage(state: str, body: bytes | None) -> str:
    if body is None:
        return "forgotten" if state == "done" else "empty without being done"
    return state if is_whole(body) else "torn"


def count_clicks(folder: Path, chance: random.Random, promises: Promises, *, hasty: bool = False) -> None:
    """Clicks are promised once they are settled, or were read: a reader must never count what a cut takes back.

    The control (`hasty`) promises them when they are written.
    """
    store, log = click_store(folder / CLICKS), ClickLog(folder / CLICKS)
    fresh, read, cursor = Promises(), list[str](), ""
    while True:
        batch = [_click(chance) for _ in range(chance.randrange(1, 20))]
        store.write(batch)
        fresh |= {one.id: "waiting" for one in batch}
        if hasty or chance.random() < 0.3:
            if not hasty:
                store.settle()
            promises |= fresh
            fresh.clear()
        if chance.random() < 0.15:
            page = log.read_after(cursor)
            cursor = page.cursor
            read += [one.id for one in page.clicks]
            promises |= {one.id: "waiting" for one in page.clicks}
        if chance.random() < 0.05 and read:
            for one in read:  # on their way out: there or not, both are right
                promises.pop(one, None)
                fresh.pop(one, None)
            log.prune(FUTURE_US, cursor)
            promises |= dict.fromkeys(read, GONE)
            read = []
        if chance.random() < 0.05:
            store.close()


def _click(chance: random.Random) -> Click:
    return Click(_name(chance), "VASE22", "1", 0, "", None, "GET", "link", False, "", "en")


def kept_clicks(folder: Path) -> dict[str, str]:
    """The clicks, after the edge has opened its file again."""
    store = click_store(folder / CLICKS)
    store.open()
    store.close()
    return {name: "waiting" for (name,) in _read(folder / CLICKS, "SELECT id FROM click")}


def trade(folder: Path, chance: random.Random, promises: Promises) -> None:
    """An event with its job in one transaction; the job's end; their removal, as the upkeep does it."""
    connection: Any = None
    while True:
        if connection is None:
            connection = sqlite3.connect(folder / FILE)
            for statement in filter(None, SQLITE_PRAGMAS.split(";")):
                connection.execute(statement)
        waiting = [one for one, stage in promises.items() if stage == "waiting"]
        done = [one for one, stage in promises.items() if stage == "done"]
        luck = chance.random()
        connection.execute("BEGIN IMMEDIATE")
        if luck < 0.3 and waiting:
            one, stage = chance.choice(waiting), "done"
            connection.execute("UPDATE jobs_job SET state = 'done' WHERE event_id = ?", (one,))
        elif luck < 0.5 and done:
            one, stage = chance.choice(done), GONE
            del promises[one]  # on its way out: there or not, both are right
            connection.execute("DELETE FROM jobs_job WHERE event_id = ?", (one,))
            connection.execute("DELETE FROM jobs_event WHERE id = ?", (one,))
        else:
            one, stage = _name(chance), "waiting"
            for row in _event_with_job(one, chance):
                connection.execute(*_insert(row))
        connection.execute("COMMIT")
        promises[one] = stage
        if chance.random() < 0.03:
            connection.close()
            connection = None


def _event_with_job(name: str, chance: random.Random) -> tuple[Event, Job]:
    payload = {"order": sealed(chance, chance.randrange(1, 1000)).hex()}
    event = Event(id=uuid.UUID(name), name="order", payload=payload)
    job_id = uuid.UUID(_name(chance))
    work = Job(
        id=job_id, task="shop.pack", event=event, queue="q", max_attempts=5, backoff=1, lease_seconds=60
    )
    return event, work


def _insert(row: Model) -> tuple[str, tuple[Any, ...]]:
    """Django's own statement for a new row."""
    query = InsertQuery(type(row))
    query.insert_values(row._meta.concrete_fields, [row])
    ((sql, values),) = query.get_compiler(connection=django_connection).as_sql()
    return sql.replace("%s", "?"), values


def kept_events(folder: Path) -> dict[str, str]:
    """How far each event's job came: half a transaction is seen."""
    sql = "SELECT event.id, job.state, payload FROM jobs_event event LEFT JOIN jobs_job job ON event_id = event.id"
    rows = _read(folder / FILE, sql)
    return {one: state if state and _is_whole_json(payload) else "half" for one, state, payload in rows}


def _is_whole_json(payload: str) -> bool:
    return is_whole(bytes.fromhex(json.loads(payload)["order"]))


def _name(chance: random.Random) -> str:
    return f"{chance.getrandbits(128):032x}"


def sealed(chance: random.Random, size: int) -> bytes:
    """So many bytes and their check sum: SQLite does not see it when a row holds another one's bytes."""
    data = chance.randbytes(size)
    return data + zlib.crc32(data).to_bytes(4)


def is_whole(data: bytes) -> bool:
    """Whether these bytes are as they were sealed."""
    return zlib.crc32(data[:-4]).to_bytes(4) == data[-4:]


def _read(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("malformed")
        if database.execute("PRAGMA foreign_key_check").fetchall():
            raise sqlite3.DatabaseError("a row without the one it belongs to")
        return database.execute(sql).fetchall()
