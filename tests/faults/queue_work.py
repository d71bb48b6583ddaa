"""What the family `queue` gives to the shop's own worker, and the ledger in which its effects stand."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from etalage.jobs import enqueue_once, task
from etalage.jobs.errors import LeaseLost
from etalage.jobs.handlers import on
from etalage.jobs.lease import current_lease
from etalage.jobs.models import Job
from etalage.jobs.outbox import announce
from etalage.jobs.registry import PERIODIC
from etalage.jobs.schedule import every
from tests.faults import network

TABLE = "faults_queue"
LEASE = 1  # second
CEILING = 3  # attempts of what cannot succeed
HANDS_FULL = 0.03  # seconds at most in the midst of a job
ONE_KEY = 10  # things that are asked for one after the other, some of them under this key
TERMS: dict[str, Any] = {"backoff": 0, "lease": LEASE, "max_attempts": 40}
HOPELESS: dict[str, Any] = {"backoff": 0, "lease": LEASE, "max_attempts": CEILING}


def new_ledger() -> None:
    """An empty ledger. No column is unique, so that it can hold what should not be."""
    number = "BIGSERIAL" if connection.vendor == "postgresql" else "INTEGER"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(
            f"CREATE TABLE {TABLE} (id {number} PRIMARY KEY, said TEXT, kind TEXT, number INTEGER,"
            " job TEXT, token INTEGER)"
        )


@dataclass(frozen=True)
class Entry:
    """One line of the ledger: `asked`, `begun`, `done` or `refused`, and by which claim of which job."""

    said: str
    kind: str
    number: int
    job: str
    token: int


def ledger() -> list[Entry]:
    """What stands in it, in order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT said, kind, number, job, token FROM {TABLE} ORDER BY id")
        return [Entry(*row) for row in cursor.fetchall()]


def write(said: str, kind: str, number: int) -> None:
    """Write a line, in the transaction that is open if one is."""
    lease = current_lease()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (said, kind, number, job, token) VALUES (%s, %s, %s, %s, %s)",
            [said, kind, number, str(lease.job_id), lease.token],
        )


def take_over(kind: str, number: int) -> None:
    """Tell the outside that this claim is at work now: it believes no earlier one from here on."""
    with transaction.atomic():
        _one_at_a_time()
        write("begun", kind, number)


def act_outside(kind: str, number: int) -> None:
    """The effect on something that is not the shop's, and that refuses a token lower than one it has seen."""
    with transaction.atomic():
        _one_at_a_time()
        lease = current_lease()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT max(token) FROM {TABLE} WHERE job = %s", [str(lease.job_id)])
            (seen,) = cursor.fetchone()
        write("refused" if seen > lease.token else "done", kind, number)


def _one_at_a_time() -> None:
    """On SQLite each transaction is alone anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [str(current_lease().job_id)])


def _work(kind: str, number: int) -> int:
    """Work with the shop's own rows; what the job returns is the token of the claim that did it."""
    write("done", kind, number)
    time.sleep(random.uniform(0, HANDS_FULL / 4))
    network.passing("worked")
    return current_lease().token


def _work_outside(kind: str, number: int) -> int:
    take_over(kind, number)
    network.passing("begun")
    time.sleep(random.uniform(0, HANDS_FULL))
    try:
        current_lease().check()
    except LeaseLost:
        write("refused", kind, number)
        raise
    act_outside(kind, number)
    network.passing("worked")
    return current_lease().token


@dataclass(frozen=True)
class Sold:
    """Something was sold."""

    number: int


@task(**TERMS, atomic=True, queue_name="till")
def book(number: int) -> int:
    return _work("book", number)


@task(**TERMS, atomic=True, queue_name="till")
def sell(number: int) -> int:
    """A job that announces an event in its own transaction."""
    announce(Sold(number))
    return _work("sell", number)


@task(**TERMS, queue_name="outside")
def call(number: int) -> int:
    return _work_outside("call", number)


@task(**TERMS, atomic=True, queue_name="till")
def stumble(number: int, times: int) -> int:
    """Fails in its first attempts, after its row was written."""
    token = _work("stumble", number)
    if Job.objects.get(token=token, pk=str(current_lease().job_id)).attempts <= times:
        raise ValueError("not yet")
    return token


@task(**HOPELESS, queue_name="till")
def despair(number: int) -> None:
    write("begun", "despair", number)
    raise ValueError("never")


@task(**HOPELESS, queue_name="till")
def poison(number: int) -> None:
    """Kills whoever takes it."""
    write("begun", "poison", number)
    network.kill_me()


@task(**TERMS, queue_name="keys")
def keep_up(key: int) -> int:
    """Note how far this key has come; more may be asked for it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT max(number) FROM {TABLE} WHERE said = 'asked' AND kind = %s", [f"keep_up {key}"]
        )
        (latest,) = cursor.fetchone()
    time.sleep(random.uniform(0, HANDS_FULL))
    return _work(f"keep_up {key}", latest)


@every(seconds=1)
@task(**TERMS, atomic=True, queue_name="keys")
def tick() -> int:
    return _work("tick", 0)


@on(Sold, **TERMS, queue_name="till")
def credit(event: Sold) -> None:
    _work("credit", event.number)


@on(Sold, **TERMS, queue_name="keys")
def thank(event: Sold) -> None:
    _work("thank", event.number)


@on(Sold, **TERMS, queue_name="outside", atomic=False)
def tell(event: Sold) -> None:
    _work_outside("tell", event.number)


HANDLERS = ("credit", "thank", "tell")


ASKS: dict[str, Callable[[int], object]] = {
    "book": book.enqueue,
    "sell": sell.enqueue,
    "call": call.enqueue,
    "stumble": lambda number: stumble.enqueue(number, 1 + number % 3),
    "event": lambda number: announce(Sold(number)),
    "despair": despair.enqueue,
    "poison": poison.enqueue,
    "keep_up": lambda number: enqueue_once(keep_up, str(number // ONE_KEY), number // ONE_KEY),
}


def ask(kind: str, number: int) -> None:
    """Enqueue a job of that kind, or announce an event, and note it, both in the transaction that is open."""
    ASKS[kind](number)
    write("asked", f"{kind} {number // ONE_KEY}" if kind == "keep_up" else kind, number)


def leave_out_the_rooms() -> None:
    """What the rooms do every few seconds belongs to other families."""
    for name in set(PERIODIC) - {tick.module_path}:
        del PERIODIC[name]
