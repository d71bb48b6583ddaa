"""Tasks, events and handlers that the tests of the queue run. What they did stays as `LiveChange` rows."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from uuid import UUID

from django.db import connection

from etalage.jobs import GiveUp, RetryAt, task
from etalage.jobs.handlers import on
from etalage.jobs.lease import current_lease
from etalage.jobs.models import LiveChange
from etalage.kit import clock


def did() -> list[str]:
    """What was noted, in order; what the queue itself tells open pages is left out."""
    return list(LiveChange.objects.exclude(name="jobs").order_by("pk").values_list("name", flat=True))


@task(backoff=0)
def note(text: str) -> str:
    LiveChange.objects.create(name=text)
    return text


@task(backoff=0, priority=10)
def note_first(text: str) -> None:
    LiveChange.objects.create(name=text)


@task()
def typed(an_id: UUID, when: datetime, numbers: list[int], nothing: UUID | None = None) -> str:
    assert isinstance(an_id, UUID)
    assert when.tzinfo is not None
    assert nothing is None
    return f"{an_id.version} {when.year} {sum(numbers)}"


@task(backoff=0, max_attempts=3)
def fail(text: str) -> None:
    LiveChange.objects.create(name=text)
    raise ValueError("the shop said no, with token=abcdefgh12345678 for anna@maisonlune.example")


@task(max_attempts=3, backoff=100)
def fail_slowly() -> None:
    raise ValueError("not yet")


@task(max_attempts=3)
def come_back(counted: bool) -> None:
    raise RetryAt(clock.now() + timedelta(hours=2), "the network asked for patience", counted=counted)


@task()
def give_up() -> None:
    raise GiveUp("the account was closed")


@task(backoff=0, atomic=True, max_attempts=2)
def half_done(text: str) -> None:
    LiveChange.objects.create(name=text)
    raise ValueError("after the first of two rows")


@task(backoff=0, atomic=True)
def note_in_one_transaction(text: str) -> None:
    LiveChange.objects.create(name=text)


@task(backoff=0, lease=1)
def hold(folder: str) -> int:
    """Say which process holds the job, and go on when the folder holds a file called `go`."""
    (Path(folder) / f"held-by-{os.getpid()}").touch()
    while not (Path(folder) / "go").exists():
        time.sleep(0.01)
    return os.getpid()


@task(backoff=0, queue_name="bounded", most_at_once=2)
def hold_few(folder: str) -> int:
    return hold.call(folder)


@task(backoff=0, queue_name="bounded")
def note_among_few(text: str) -> None:
    LiveChange.objects.create(name=text)


@task(backoff=0, lease=1)
def hold_and_check(folder: str) -> int:
    """As `hold`, asking for its lease before its effect."""
    pid = hold.call(folder)
    current_lease().check()
    (Path(folder) / f"effect-of-{pid}").touch()
    return pid


@task(backoff=0, lease=1, time_limit=1)
def hang(folder: str) -> int:
    return hold.call(folder)


@task(backoff=0, lease=1, max_attempts=3)
def kill_the_worker() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@task(backoff=0)
def sign(text: str) -> int:
    """As `note`; the result says which process did it."""
    LiveChange.objects.create(name=text)
    return os.getpid()


MEETING = Barrier(2)


@task(backoff=0, atomic=True)
def lock_both(first: str, second: str) -> None:
    """As a twin with the names turned around: each waits for what the other has, when both come to the meeting."""
    LiveChange.objects.select_for_update().get(name=first)
    with suppress(BrokenBarrierError):
        MEETING.wait(timeout=2)
    LiveChange.objects.select_for_update().get(name=second)


@task(atomic=True, backoff=100)
def always_in_the_way() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")


@task(backoff=0)
def tick() -> None:
    LiveChange.objects.create(name="tick")


@task(queue_name="other", backoff=0)
def note_elsewhere(text: str) -> None:
    LiveChange.objects.create(name=text)


@dataclass(frozen=True)
class Sold:
    order_id: UUID
    cents: int
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unheard:
    text: str


@on(Sold, backoff=0)
def credit_it(event: Sold) -> None:
    LiveChange.objects.create(name=f"credit {event.order_id.version} {event.cents} {'+'.join(event.codes)}")


@on(Sold, backoff=0, max_attempts=2)
def thank_them(event: Sold) -> None:
    LiveChange.objects.create(name="thanks")
    if event.cents < 0:
        raise ValueError("a refund is not thanked for")
