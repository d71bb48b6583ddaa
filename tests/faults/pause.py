"""Family `pause`: workers that are stopped (SIGSTOP) for longer than their lease, and go on as if nothing had been.

A round is one stop, at a random moment or at a named point. Whoever wakes up after a successor took over changes
nothing of the successor's work. One case is not decided by any rule of ours: a process that freezes between its last
check and the first byte, for longer than lease and settling together, on a network that knows no key. It is shown
apart, as what remains, and stands for read back: it is seen there when something goes out twice.

The controls are workers without the fence, and show that the harness sees what it is for. Two phases: who wakes up late
keeps its own draft, over its successor's. Idempotency key and client-chosen key: who wakes up late takes its steps over
those of its successor; the network knows the second send again, so what is seen are steps that no path allows. None:
the same, and it goes out twice.
"""

from __future__ import annotations

import functools
import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from etalage.networks.base import Mechanism
from tests.faults import naive, network, workers
from tests.faults.checks import judge
from tests.faults.family import Line, Options, played, timed
from tests.faults.publish import ASKS, LAGS, at_pace, order_faults, patience
from tests.faults.shop import calm, open_channel, stock, work
from tests.practice_network import PracticeNetwork, running_network

BESIDE = 3  # and one that is never stopped, so that somebody takes over
PAUSE = 1.15  # seconds; the lease is 0.9
LONG_PAUSE = 2.5  # long enough for a successor to do all of its work
IN_ITS_DOUBT = 3.0  # a successor has sent, and does not know yet whether that was accepted
AFTER, LONG_AFTER = (
    0.25,
    1.0,
)  # seconds that a worker goes on after its pause; one of a control, which has to act
LIVES = (0.01, 0.25)
TO_ITS_POINT = 5.0  # seconds that a worker of a control has: one that is stopped elsewhere shows nothing
PER_STOP = 2.0
POINTS = ("statement", "before_step", "after_step", "after_send", "before_look", "after_look")


@dataclass(frozen=True)
class Case:
    """One combination; `sees` for a control: any of these counts must not be zero."""

    name: str
    face: Mechanism
    work: Callable[[], None] = work
    points: tuple[str, ...] = POINTS
    pause: float = PAUSE
    at_points: float = 0.5  # the share of stops at named points
    sees: tuple[str, ...] = ()
    pace: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    lost: float = 0.0  # the share of answers to publications that are lost, beside the usual faults
    stops: int = 12  # of a control, in each try


def _overwriting(name: str, face: Mechanism, *sees: str) -> Case:
    """A control: stopped before the intent is written, awake once a successor has done all of the work."""
    points = ("before_intent",)
    return Case(name, face, naive.overwriting, points, LONG_PAUSE, at_points=1.0, sees=sees, stops=6)


CASES = [
    Case("stopped: idempotency key", Mechanism.IDEMPOTENCY_KEY, points=(*POINTS, "before_send")),
    Case("stopped: client-chosen key", Mechanism.CLIENT_KEY, points=(*POINTS, "before_send")),
    Case("stopped: two phases", Mechanism.TWO_PHASE, points=(*POINTS, "before_send")),
    Case("stopped: read back", Mechanism.READ_BACK),
    Case("stopped: none", Mechanism.NONE, points=(*POINTS, "before_send")),
]
CONTROLS = [
    Case(
        "control: two phases without the fence",
        Mechanism.TWO_PHASE,
        work=naive.unfenced,
        points=("after_step",),
        pause=IN_ITS_DOUBT,
        at_points=1.0,
        sees=("twice", "wrong_id", "off_path"),
        account={"settle": 4.0},
        lost=0.8,
    ),
    _overwriting("control: idempotency key without the fence", Mechanism.IDEMPOTENCY_KEY, "off_path"),
    _overwriting("control: client-chosen key without the fence", Mechanism.CLIENT_KEY, "off_path"),
    _overwriting("control: none without the fence", Mechanism.NONE, "twice"),
    Case(
        "what remains: read back, frozen before the first byte",
        Mechanism.READ_BACK,
        points=("before_send",),
        pause=LONG_PAUSE,
        at_points=1.0,
        sees=("twice",),
        pace={
            "lag_samples": 0
        },  # else what is measured on a busy machine would be waited for longer than the pause
    ),
]


@dataclass
class Slot:
    """A worker and what happens to it next."""

    pid: int
    stops_at: float
    wakes_at: float = 0.0
    ends_at: float = 0.0


def run(options: Options) -> list[Line]:
    """Every combination, then the controls."""
    network.install()
    with running_network(options.folder / "network") as practice:
        cases = [case for case in (*CASES, *CONTROLS) if options.only in case.name]
        return [played(functools.partial(_play, practice, case, options), bool(case.sees)) for case in cases]


def _play(practice: PracticeNetwork, case: Case, options: Options, number: int, is_final: bool) -> Line:
    chance = options.chance("pause", options.database, case.name, number)
    rounds = case.stops if case.sees else options.rounds
    line = Line(case.name, {}, is_control=bool(case.sees), is_final=is_final)
    # One hand: a worker of two may stop while the other one holds SQLite's only lock, and nobody takes over.
    with timed(line), at_pace({"hands": 1, **case.pace} if case.sees else case.pace):
        practice.clear_orders()
        account = LAGS if case.face in (Mechanism.READ_BACK, Mechanism.IDEMPOTENCY_KEY) else {"settle": 0.2}
        channel = open_channel(practice, case.face, **{**account, **case.account})
        publications = round(rounds * PER_STOP)
        after = LONG_AFTER if case.sees else AFTER
        batch = stock(channel, publications, rounds * (case.pause + after) / BESIDE)
        if case.lost:
            seed = chance.randrange(10**6)
            practice.order("accepted_cut", share=case.lost, times=None, seed=seed)
        order_faults(practice, chance)
        # A control's fault needs a successor that is as quick as the others.
        steady = workers.start(case.work if case.sees else calm(case.work))
        stop_many(rounds, case.pause, after, functools.partial(_sleepy, chance, case))
        workers.end(steady)
        workers.let_finish(2, calm(case.work), batch.is_done, patience(publications))
        verdict = judge(practice, batch)
        line.counts = {"stops": rounds, **verdict.counts()}
        if not case.sees:
            line.broken = verdict.broken(asks=ASKS.get(case.face, 0.0))
        elif not any(getattr(verdict, name) for name in case.sees):
            line.broken = [f"saw no {' or '.join(case.sees)}"]
    return line


def _sleepy(chance: random.Random, case: Case) -> tuple[Callable[[], None], float]:
    """A worker that is stopped at a random moment, or stops itself at a named point."""
    life, seed, at_point = chance.uniform(*LIVES), chance.random(), chance.random() < case.at_points
    point, number = network.drawn(chance, case.points)
    if case.sees:
        number = 1  # all of its workers, so that its fault is surely seen

    def live() -> None:
        random.seed(seed)
        if at_point:
            network.plan(point, number, _stop_me)
        case.work()

    return live, (TO_ITS_POINT if case.sees else 2.0) if at_point else life


def _stop_me() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def stop_many(
    number: int, pause: float, after: float, begin: Callable[[], tuple[Callable[[], None], float]]
) -> None:
    """Keep workers running until `number` were stopped, woken after `pause` seconds and ended `after` seconds later."""
    slots: list[Slot] = []
    ended = 0
    while ended < number:
        while len(slots) < BESIDE:
            live, life = begin()
            slots.append(Slot(workers.start(live), time.monotonic() + life))
        time.sleep(0.002)
        for slot in list(slots):
            if _goes_on(slot, pause, after):
                continue
            workers.end(slot.pid)
            slots.remove(slot)
            ended += 1
    workers.end(*(slot.pid for slot in slots))


def _goes_on(slot: Slot, pause: float, after: float) -> bool:
    """Do to a worker what its time says; False when it has had its pause and what follows."""
    now = time.monotonic()
    if slot.ends_at:
        return now < slot.ends_at
    if slot.wakes_at:
        if now >= slot.wakes_at:
            os.kill(slot.pid, signal.SIGCONT)
            slot.ends_at = now + after
    elif workers.is_stopped(slot.pid):  # it stopped itself
        slot.wakes_at = now + pause
    elif now >= slot.stops_at:
        os.kill(slot.pid, signal.SIGSTOP)
        slot.wakes_at = now + pause
    return True
