"""Family `clock`: wall clocks that jump by an hour or a day, forward and back, in one worker beside others.

A round is one worker whose clock jumps while it works. Its zone changes too, as by the hour that comes and goes with
summer. Leases, settling and keys' ages are counted on another clock, so nothing goes out twice and nothing is lost;
what a clock that ran ahead put on a later hour comes back to its own. The control counts them on the wall clock, and
its workers' clocks are a day ahead before they take anything: a doubt that one of them leaves settles until tomorrow.
On PostgreSQL that other clock is its server's own, which no round touches: it must not jump.
"""

from __future__ import annotations

import functools
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import time_machine

from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing.models import DeliveryState, DeliveryStep, Publication
from tests.faults import naive, network, workers
from tests.faults.checks import judge
from tests.faults.family import Line, Options, played, timed
from tests.faults.publish import ASKS, LAGS, order_faults, patience
from tests.faults.shop import Batch, calm, open_channel, stock, work
from tests.practice_network import PracticeNetwork, running_network

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = (HOUR, -HOUR, DAY, -DAY, timedelta(0))
ZONES = ("Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "UTC")
LIVES = (0.1, 0.5)
LONGER_LIVES = (0.5, 1.0)  # of a control, whose workers must come to their work
BESIDE = 3
PER_JUMP = 2.0
SOON = 10.0  # seconds for a control, which may never be done
ROUNDS = 10  # of a control
SETTLES_LATE = 60.0  # seconds, for a control: its workers' clocks agree, and would end each other's doubts


@dataclass(frozen=True)
class Case:
    """One combination; of a control, some doubts must settle more than an hour from now by the wall clock."""

    name: str
    face: Mechanism
    work: Callable[[], None] = work
    is_control: bool = False


CASES = [
    Case("jumping clocks: idempotency key", Mechanism.IDEMPOTENCY_KEY),
    Case("jumping clocks: client-chosen key", Mechanism.CLIENT_KEY),
    Case("jumping clocks: two phases", Mechanism.TWO_PHASE),
    Case("jumping clocks: read back", Mechanism.READ_BACK),
    Case("jumping clocks: none", Mechanism.NONE),
]
CONTROLS = [
    Case("control: settling by the wall clock", Mechanism.READ_BACK, naive.by_wall_clock, is_control=True)
]


def run(options: Options) -> list[Line]:
    """Every combination, then the control."""
    network.install()
    with running_network(options.folder / "network") as practice:
        cases = [case for case in (*CASES, *CONTROLS) if options.only in case.name]
        return [played(functools.partial(_play, practice, case, options), case.is_control) for case in cases]


def _play(practice: PracticeNetwork, case: Case, options: Options, number: int, is_final: bool) -> Line:
    chance = options.chance("clock", options.database, case.name, number)
    line = Line(case.name, {}, is_control=case.is_control, is_final=is_final)
    with timed(line):
        practice.clear_orders()
        account = LAGS if case.face in (Mechanism.READ_BACK, Mechanism.IDEMPOTENCY_KEY) else {"settle": 0.2}
        if case.is_control:
            account = account | {"settle": SETTLES_LATE}
        channel = open_channel(practice, case.face, **account)
        rounds = min(options.rounds, ROUNDS) if case.is_control else options.rounds
        seconds = rounds * sum(LIVES) / 2 / BESIDE
        publications = round(rounds * PER_JUMP)
        batch = stock(channel, publications, seconds)
        order_faults(practice, chance)
        workers.kill_many(rounds, BESIDE, functools.partial(_jumpy, chance, case))
        moved = _steps_of(batch)
        within = SOON if case.is_control else patience(publications)
        workers.let_finish(2, calm(case.work), batch.is_done, within)
        verdict = judge(practice, batch)
        line.counts = {"jumps": rounds, "steps meanwhile": moved, **verdict.counts()}
        if case.is_control:
            line.counts["until tomorrow"] = late = _until_tomorrow(batch)
            line.broken = [] if late else ["saw no doubt that settles until tomorrow"]
        else:
            line.broken = verdict.broken(asks=ASKS.get(case.face, 0.0))
            line.broken += [] if moved else ["nothing was done while clocks jumped"]
    return line


def _steps_of(batch: Batch) -> int:
    return DeliveryStep.objects.filter(publication__in=batch.ids).count()


def _until_tomorrow(batch: Batch) -> int:
    in_an_hour = int((time.time() + HOUR.total_seconds()) * 1000)
    doubts = Publication.objects.filter(pk__in=batch.ids, state=DeliveryState.UNKNOWN)
    return doubts.filter(settle_until__gt=in_an_hour).count()


def _jumpy(chance: random.Random, case: Case) -> tuple[Callable[[], None], float]:
    """A worker whose clock jumps while it works, and which is killed some time later."""
    life, seed = chance.uniform(*(LONGER_LIVES if case.is_control else LIVES)), chance.random()
    by, zone, after = (
        DAY if case.is_control else chance.choice(JUMPS),
        chance.choice(ZONES),
        chance.uniform(0.01, life / 2),
    )

    def jump(*_signal: object) -> None:
        os.environ["TZ"] = zone
        time.tzset()
        time_machine.travel(clock.now() + by, tick=True).start()

    def live() -> None:
        random.seed(seed)
        if case.is_control:
            jump()
        else:
            signal.signal(signal.SIGALRM, jump)
            signal.setitimer(signal.ITIMER_REAL, after)
        case.work()

    return live, life
