"""Family `queue`: the shop's own workers are killed and frozen, while jobs of every kind are enqueued in transactions.

A round is one `kill -9` of a worker, one of two, of ten or alone, at a random moment or at a named point; some are
stopped (SIGSTOP) for longer than their lease before. What was committed is done, what stands in the shop's own rows
exactly once; who lost the hold on a job writes nothing any more; a job that kills its worker ends dead. Beside it
queues as others write them.
"""

from __future__ import annotations

import functools
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django_tasks.utils import normalize_json

from etalage.cli import serve
from etalage.jobs import execute, settle
from etalage.jobs.errors import LeaseLost
from etalage.jobs.lease import Lease
from etalage.jobs.models import UNFINISHED, Event, Job, LiveChange, Schedule
from etalage.jobs.registry import path_of
from etalage.jobs.worker import CHORES
from etalage.kit import clock
from tests.ending import with_parent
from tests.faults import network, queue_checks, queue_command, queue_work, workers
from tests.faults.family import Line, Options, played, timed
from tests.faults.queue_work import LEASE
from tests.faults.shop import manager

LIVES = (0.02, 0.35)
BESIDE = 2
THREADS = 3
FREEZE_EVERY = 8  # workers: stopped before it is killed
PAUSE = (LEASE + 0.3, LEASE + 0.7)
LONG_PAUSE = (LEASE + CHORES + 0.3, LEASE + CHORES + 0.4)  # so that another has surely begun meanwhile
AFTER = 0.3  # seconds that they go on
LONG_AFTER = 1.0  # so that what they had in hand is surely written
PER_KILL = 10  # jobs and events that are asked for
TAKEN_BACK = 0.15  # the share of transactions that come to nothing
COLD_EVERY = 20  # workers: the command itself, in the long form
COLD_LIFE = 4.0
POINTS = ("statement", "statement", "begun", "worked")
HOPELESS = ("poison", "despair")
MOST_HOPELESS = 3  # of each: a poison takes three workers with it
KINDS = ("book", "sell", "call", "stumble", "event", "keep_up", "keep_up", *HOPELESS)
FINISH = 180.0  # seconds at most until nothing waits once nobody is killed any more
SOON = 10.0  # for a control, which may never be done
LEAST_ROUNDS = 4


@dataclass(frozen=True)
class Case:
    """One way of working, with so many workers; for a control the count that must not be zero."""

    name: str
    tamper: Callable[[], None] = lambda: None
    sees: str = ""
    share: float = 1.0  # of the rounds
    freeze_every: int = FREEZE_EVERY  # 0: none, 1: all of them, beside one that nothing happens to
    beside: int = BESIDE
    kinds: tuple[str, ...] = KINDS
    threads: int = THREADS  # of each worker


def _unfenced() -> None:
    """Whoever worked on a job writes its end, whoever holds it by now; and nobody asks before an effect."""

    def whoever(job: Job) -> Any:
        return Job.objects.filter(pk=job.pk)

    settle._mine = whoever
    Lease.check = lambda self: None  # type: ignore[method-assign]
    queue_work.act_outside = functools.partial(queue_work.write, "done")


def _acknowledged_first() -> None:
    """A job is done as soon as somebody takes it."""

    def run(job: Job) -> None:
        work, _atomic = execute._work(job)
        settle.complete(job, None)
        normalize_json(work())

    execute._run = run


def _uncounted() -> None:
    """An attempt that ended with its worker was none."""
    write = settle._write_waiting

    def forgiving(rows: Any, when: Any, kind: str, reason: str, attempts: int) -> int:
        return write(rows, when, kind, reason, attempts - (kind == path_of(LeaseLost)))

    settle._write_waiting = forgiving


CASES = [
    Case("queue: two workers"),
    Case("queue: ten workers", share=0.4, beside=10),
    Case("queue: one worker", share=0.2, beside=1),
    # One thread: another might be stopped while it holds the file that is the whole database, and nobody takes over.
    Case("control: ended by whoever worked on it", _unfenced, "stale", 0.1, 1, 4, ("call", "book"), 1),
    Case("control: acknowledged before the work", _acknowledged_first, "lost", 0.2, 0, kinds=KINDS[:-2]),
    Case("control: deaths are not counted", _uncounted, "unburied", 0.1, 0, kinds=("poison", "book")),
]


class TakenBack(Exception):
    """A transaction that comes to nothing."""


@dataclass
class Feed:
    """Asks for work, in transactions of one thing or a few."""

    kinds: tuple[str, ...]
    chance: random.Random
    number: int = 0
    hopeless: int = 0

    def come(self) -> None:
        """More work; what is hopeless comes first."""
        goal = self.number + PER_KILL
        while self.number < goal:
            try:
                with transaction.atomic():
                    for _ in range(self.chance.choice((1, 1, 2, 4))):
                        self._ask()
                    if self.chance.random() < TAKEN_BACK:
                        raise TakenBack
            except TakenBack:
                continue

    def _ask(self) -> None:
        ways = [kind for kind in self.kinds if kind not in HOPELESS]
        hopeless = [kind for kind in self.kinds if kind in HOPELESS]
        self.number += 1
        if self.hopeless < MOST_HOPELESS * len(hopeless) and self.chance.random() < 0.2:
            kind = hopeless[self.hopeless % len(hopeless)]
            self.hopeless += 1
        else:
            kind = self.chance.choice(ways)
        queue_work.ask(kind, self.number)


def run(options: Options) -> list[Line]:
    """Every way, each on an empty queue."""
    manager()
    network.install()
    queue_work.leave_out_the_rooms()
    return [
        played(functools.partial(_play, case, options), bool(case.sees))
        for case in CASES
        if options.only in case.name
    ]


def _play(case: Case, options: Options, number: int, is_final: bool) -> Line:
    chance = options.chance("queue", options.database, case.name, number)
    rounds = max(LEAST_ROUNDS, round(options.rounds * case.share))
    line = Line(case.name, {}, is_control=bool(case.sees), is_final=is_final)
    with timed(line):
        _clear()
        feed, began = Feed(case.kinds, chance), clock.now()
        doomed = Doomed(case, chance, has_cold=not (options.short or case.sees))

        def begin() -> tuple[workers.Work, float]:
            feed.come()
            return doomed.next()

        work = functools.partial(_work, case)
        steady = [workers.start(work)] if case.freeze_every == 1 else []
        workers.kill_many(rounds, case.beside, begin)
        workers.end(*steady)
        ended, within = clock.now(), SOON if case.sees else FINISH

        def is_done() -> bool:
            if case.sees == "unburied":
                return queue_checks.judge(began, ended)[case.sees] > 0
            return _is_done() and (bool(case.sees) or queue_checks.ticked_since(ended))

        workers.let_finish(case.beside, work, is_done, within, orderly=not case.sees)
        verdict = queue_checks.judge(began, ended)
        line.counts = {"kills": rounds, "frozen": doomed.frozen, "asked": feed.number, **verdict}
        if case.sees:
            line.broken = [] if verdict[case.sees] else [f"saw nothing {case.sees}"]
        else:
            line.broken = [name for name in queue_checks.MUST_BE_NONE if verdict[name]]
    return line


def _clear() -> None:
    for rows in (Job, Event, LiveChange, Schedule):
        rows.objects.all().delete()
    queue_work.new_ledger()


def _is_done() -> bool:
    """Nothing waits; the schedule goes on for ever."""
    unfinished = Job.objects.filter(state__in=UNFINISHED)
    return not unfinished.exclude(task=queue_work.tick.module_path).exists()


def _work(case: Case) -> None:
    """What `etalage serve worker` does once it has begun."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what it says is for people
    case.tamper()
    serve.run_worker(case.threads, serve.Ending())


def _command() -> None:
    """The command itself, in the place of this process."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    told = {**os.environ, "TMPDIR": str(settings.DATA)}  # who is killed tidies up nothing
    os.execve(sys.executable, [sys.executable, "-W", "ignore", "-m", queue_command.__name__], told)


@dataclass
class Doomed:
    """Workers whose end is decided before they begin."""

    case: Case
    chance: random.Random
    has_cold: bool
    begun: int = 0
    frozen: int = 0

    def next(self) -> tuple[workers.Work, float]:
        """The next one and how many seconds it may live."""
        self.begun += 1
        if self.has_cold and self.begun % COLD_EVERY == 0:
            return _command, self.chance.uniform(0, COLD_LIFE)
        if self.case.freeze_every and self.begun % self.case.freeze_every == 0:
            self.frozen += 1
            return self._stopped()
        return self._killed()

    def _killed(self) -> tuple[workers.Work, float]:
        """Killed at a random moment, or at a named point."""
        life, point = self.chance.uniform(*LIVES), self.chance.choice(POINTS)
        number = self.chance.randint(1, 120 if point == "statement" else 12)
        if self.chance.random() < 0.5:
            return self._live("", 0, network.kill_me), life
        return self._live(point, number, network.kill_me), 2 * LIVES[1]

    def _stopped(self) -> tuple[workers.Work, float]:
        """Stopped, for a control in the midst of its work; killed some time after it woke up."""
        pause = self.chance.uniform(*(LONG_PAUSE if self.case.sees else PAUSE))
        after, freeze = self.chance.uniform(*LIVES), functools.partial(_freeze, pause)
        if self.case.sees:
            work = self._live("begun", 1, freeze)
        elif self.chance.random() < 0.5:
            work = self._live("begun", self.chance.randint(1, 6), freeze)
        else:
            work = self._live("", 0, freeze, after)
        return work, LIVES[1] + pause + (LONG_AFTER if self.case.sees else AFTER)

    def _live(self, point: str, number: int, act: Callable[[], None], after: float = 0.0) -> workers.Work:
        seed, case = self.chance.random(), self.case

        def live() -> None:
            random.seed(seed)
            network.plan(point, number, act)
            if after:
                signal.signal(signal.SIGALRM, lambda *_signal: act())
                signal.setitimer(signal.ITIMER_REAL, after)
            _work(case)

        return live


def _freeze(pause: float) -> None:
    """All of this process stands still for so many seconds, its heartbeat too."""
    worker = os.getpid()
    if os.fork():
        time.sleep(0.01)  # it stops in here
        return
    try:
        with_parent()
        os.kill(worker, signal.SIGSTOP)
        time.sleep(pause)
        os.kill(worker, signal.SIGCONT)
    finally:
        os._exit(0)
