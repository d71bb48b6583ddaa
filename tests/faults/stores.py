"""The store goes away and comes back: PostgreSQL restarts, a file is locked, its disk is full or turns read-only.

A real shop takes reservations, and posts fall due, while its store is away. Whoever asks is answered, or is told to
come again (503): never an error of ours; what was acknowledged is there, each post goes out once, and afterwards pages
and jobs go on by themselves. The control is a program that knows no outages.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import DatabaseError, connection, connections

from etalage.accounts.models import Store
from etalage.channels.models import Channel
from etalage.cli.ports import free_port
from etalage.jobs.models import Job, Schedule
from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.orders.models import Reservation
from etalage.publishing import links
from etalage.publishing.models import DeliveryState, Publication
from etalage.web import errors
from tests.ending import with_parent
from tests.faults import disk, served
from tests.faults.buyers import Buyers, new_shelf
from tests.faults.crowd import Crowd, faults_of, troubles_of
from tests.faults.family import Line, Options, played, skipped, timed
from tests.faults.publish import at_pace
from tests.faults.shop import DONE, manager, open_channel, stock
from tests.practice_network import PracticeNetwork, running_network

SHOP = "/en/shop/"
PATIENCE_S = 240  # a job that failed several times in a row rests for a minute before it looks again
HASTY_PATIENCE_S = 2
BUYERS, PIECES = 4, 1_000_000
FULL_S, READ_ONLY_S, DISK_MIB = 4, 4, 160
POSTS, DUE_S = 12, 4.0  # as many fall due over so many seconds
ANSWER_S = 0.5  # so that some are on their way when the store goes away
PACE = {"lease": 3, "request": 2, "first_wait": 0.5, "longest_wait": 2, "least_settle": 0.5}
AWAY = {
    "en": "We will be back in a moment",
    "fr": "Nous revenons dans un instant",
    "nl": "We zijn zo terug",
    "ar": "سنعود بعد لحظات",
}
FIRST = 12  # answers before anything happens
MUST_BE_NONE = ("errors", "lost", "dead")


@contextmanager
def serving() -> Iterator[int]:
    """A real `etalage serve` on this shop; its port."""
    port = free_port()
    command = [sys.executable, "-m", "etalage", "serve", "--port", str(port)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "etalage.settings"} | {
        "ETALAGE_SECRET_KEY": settings.SECRET_KEY,
        "ETALAGE_SECRET_KEYS": ",".join(settings.SECRET_KEYS),
        "ETALAGE_DELIVERY_PACE": json.dumps(PACE),
    }
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=with_parent,
    )
    try:
        _until(lambda: _listens(port))
        yield port
    finally:
        process.terminate()
        process.wait(120)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(holds: Callable[[], bool]) -> float:
    """Seconds until it held; AssertionError when it never did."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > PATIENCE_S:
            raise AssertionError("it never came to be")
        time.sleep(0.05)
    return time.monotonic() - begun


def _jobs_go_on(since: object) -> bool:
    """Whether the schedule has moved on, and nothing died."""
    try:
        latest = Schedule.objects.order_by("-last_at").exclude(last_at=None).first()
        return latest is not None and latest.last_at is not None and latest.last_at > since  # type: ignore[operator]
    except Exception:  # the store is still on its way back
        connections.close_all()
        return False


def restarted(port: int) -> None:
    """Restart the server of this run at once, as a crash does."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        (folder,) = cursor.fetchone()
    connection.close()
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    command = [
        str(programs / "pg_ctl"),
        "-D",
        folder,
        "-w",
        "-m",
        "immediate",
        "-l",
        f"{folder}/../log",
        "restart",
    ]
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*as_user, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert parts.port


def locked(port: int) -> None:
    """Hold the database file's write lock for longer than anybody waits for it."""
    patience = float(connections.settings["default"]["OPTIONS"]["timeout"])
    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        time.sleep(patience * 1.25)


def turned_read_only(port: int) -> None:
    """The disk with everything on it fails, and is mended and mounted again some seconds later."""
    mend = disk.fail(settings.DATA)
    time.sleep(READ_ONLY_S)
    mend(lambda: _says_so(port))
    connections.close_all()  # of this process, which only judges: it still had the old disk open


def filled_up(port: int) -> None:
    """No room is left on the disk with everything on it, until some seconds after the last reservation."""
    latest, begun = -1, time.monotonic()
    since = begun
    while time.monotonic() - since < FULL_S:
        assert time.monotonic() - begun < PATIENCE_S, "reservations go on without room"
        make_room = disk.fill(settings.DATA)
        if (count := Reservation.objects.count()) != latest:
            latest, since = count, time.monotonic()
        time.sleep(0.05)
    make_room()


def _says_so(port: int) -> None:
    """While there is no disk, people read in their own language that the shop comes back."""
    for language, words in AWAY.items():
        answer = httpx.get(f"http://127.0.0.1:{port}/{language}/shop/", timeout=60, trust_env=False)
        assert answer.status_code == 503 and words in answer.text, (answer.status_code, answer.text[:2000])


@contextmanager
def on_a_failing_disk() -> Iterator[None]:
    """Everything of this shop on a disk that can fail, for the length of the block."""
    connections.close_all()
    with tempfile.TemporaryDirectory() as aside:
        shutil.copytree(settings.DATA, aside, dirs_exist_ok=True)
        # A bare mount point: a whole shop beneath it would be served while the disk is away.
        for path in settings.DATA.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        with disk.failing_disk(settings.DATA, DISK_MIB):
            shutil.copytree(aside, settings.DATA, dirs_exist_ok=True)
            os.sync()  # what was only copied is not yet on the disk
            yield
            connections.close_all()
        shutil.copytree(aside, settings.DATA, dirs_exist_ok=True)


def know_no_outages() -> None:
    """Takes a store that is away for an error of its own, as most programs do."""
    errors.is_outage = lambda error: False  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Posts:
    """Posts that fall due while the store is away."""

    network: PracticeNetwork
    channel: Channel

    def come_due(self) -> None:
        """Some more of them; the first is on its way."""
        batch = stock(self.channel, POSTS, DUE_S)
        rows = Publication.objects.filter(pk__in=batch.ids, state=DeliveryState.SENDING)
        _until(rows.exists)

    def judge(self, line: Line) -> None:
        """Each of them stands on the network once."""
        ledger = self.network.ledger()
        rows = Publication.objects.filter(channel=self.channel).select_related("link")
        stands = [ledger.count(links.address_of(row.link)) for row in rows]
        line.counts |= {"posts": len(stands), "went out once": stands.count(1)}
        line.broken += [] if stands and set(stands) == {1} else ["posts did not go out once each"]


@dataclass(frozen=True)
class Case:
    """What is done to the program, and whether its fault must be seen."""

    name: str
    tamper: Callable[[], None] | None = None
    posts: Posts | None = None


CONTROL = Case("control: a program that knows no outages", know_no_outages)
ON_A_DISK = {disk.FULL: filled_up, disk.READ_ONLY: turned_read_only}


def run(options: Options) -> list[Line]:
    """The store goes away a few times under a real shop, and once under the control."""
    manager()
    strike = restarted if options.database == "postgresql" else locked
    if options.short and options.database == "sqlite":
        # Nobody waits for as long as in a shop; the file is locked for longer than that all the same.
        connections.settings["default"]["OPTIONS"]["timeout"] = HASTY_PATIENCE_S
    served.warm(SHOP)
    with (
        served.listening() as listener,
        running_network(options.folder / "network") as practice,
        at_pace(PACE),
    ):
        practice.order("slow", times=None, seconds=ANSWER_S)
        posts = Posts(practice, open_channel(practice, Mechanism.IDEMPOTENCY_KEY))
        cases = [Case(f"{strike.__name__} under a running shop", posts=posts), CONTROL]
        lines = [
            played(functools.partial(_play, case, strike, options, listener), bool(case.tamper))
            for case in cases
            if options.only in case.name
        ]
        if options.database == "sqlite" and not disk.can_fail():
            lines += [skipped(name, disk.CANNOT_FAIL) for name in ON_A_DISK]
        elif options.database == "sqlite":
            with on_a_failing_disk():
                lines += [
                    _play(Case(name, posts=posts), harm, options, listener, 0, True)
                    for name, harm in ON_A_DISK.items()
                    if options.only in name
                ]
        return lines


def _play(
    case: Case,
    strike: Callable[[int], None],
    options: Options,
    listener: socket.socket,
    number: int,
    is_final: bool,
) -> Line:
    chance = options.chance("stores", options.database, case.name, number)
    line = Line(case.name, {}, is_control=bool(case.tamper), is_final=is_final)
    store, _made = Store.objects.get_or_create(code="GNT", defaults={"name": "Ghent"})
    with tempfile.TemporaryDirectory() as here, timed(line), _shop(case, options, listener) as port:
        buyers = Buyers([new_shelf(store, PIECES)], [], only_reserves=True)
        ledger = Path(here) / "ledger.jsonl"
        crowd = Crowd(ledger, port, chance.random(), BUYERS, buyers)
        worst, waited = 0.0, 0.0
        _until(lambda: crowd.answers() > FIRST)
        for _round in range(1 if case.tamper else max(1, options.rounds)):
            if case.posts:
                case.posts.come_due()
            strike(port)
            worst = max(worst, _until(lambda: _is_well(port)))
            _until(_more_reservations())
        if not case.tamper:
            since = clock.now()
            waited = _until(lambda: _jobs_go_on(since))
            _until(_nothing_is_due)
        notes = crowd.finish()
        line.counts = {
            **_judge(notes),
            "well after s": round(worst, 1),
            "jobs after s": round(waited, 1),
        }
        line.broken = faults_of(notes)
        if case.posts:
            case.posts.judge(line)
        if case.tamper:
            line.broken += [] if line.counts["errors"] else ["saw no error of its own"]
        else:
            line.broken += [name for name in MUST_BE_NONE if line.counts[name]]
            line.broken += [] if line.counts["told to come again"] else ["nobody noticed"]
    return line


def _nothing_is_due() -> bool:
    return not Publication.objects.exclude(state__in=DONE).exists()


def _more_reservations() -> Callable[[], bool]:
    """Whether there are more of them than when this could first be answered."""
    counts: list[int] = []

    def holds() -> bool:
        try:
            counts.append(Reservation.objects.count())
        except DatabaseError:  # the store is still on its way back
            connections.close_all()
            return False
        return counts[-1] > counts[0]

    return holds


def _judge(notes: list[dict[str, Any]]) -> dict[str, int]:
    """What buyers were told, compared with the database."""
    told = {note["code"] for note in notes if note.get("did") == "reserved"}
    there = set(Reservation.objects.filter(code__in=told).values_list("code", flat=True))
    return {
        "reserved": len(told),
        "told to come again": sum(note.get("trouble") == 503 for note in notes),
        "errors": troubles_of(notes),
        "lost": len(told - there),
        "dead": Job.objects.filter(state="dead").count(),
    }


@contextmanager
def _shop(case: Case, options: Options, listener: socket.socket) -> Iterator[int]:
    """The shop's port: in the long form the command itself serves, else a fork of this warm process."""
    if case.tamper is None and not options.short:
        with serving() as port:
            yield port
        return
    with served.unharmed(served.serving(listener, None, case.tamper)):
        yield listener.getsockname()[1]


def _is_well(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{SHOP}", timeout=60, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
