"""Family `publish`: workers killed at random moments and at named points, half of the network's answers faulty.

A round is one `kill -9`. Published twice, lost, or under a wrong id: never. A person is asked only where the network
gives no way to know, and at most about two in a hundred where our own posts can be read back (`ASKS`): with "none" and
half of the answers lost, a person must be asked.

Beside it one naive way for each thing that is relied on, which the harness must see fail. Idempotency key: one that is
trusted for longer than it lives. Client-chosen key: a new one for each try. Two phases: a draft that is forgotten
between tries. Read back: a look before the network shows what it has. None: sent until it is answered (twice), and
noted before it is sent (published where nothing stands).
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from etalage.channels.models import Channel
from etalage.networks.base import Mechanism
from etalage.publishing.delivery.pace import read_pace
from etalage.publishing.models import VisibilityLag
from tests.faults import naive, network, workers
from tests.faults.checks import judge
from tests.faults.family import Line, Options, played, timed
from tests.faults.shop import calm, open_channel, stock, work, work_and_jobs
from tests.practice_network import PracticeNetwork, running_network

SHORTEST, LONGEST = 0.005, 0.180  # seconds of a worker's life
MEAN = (SHORTEST + LONGEST) / 2
BESIDE = 2
PER_KILL = 1.2  # publications
FINISH = 120.0  # at most, seconds until all must be clear once nothing is killed any more
FINISH_EACH = 1.0  # and so many more for each publication
FAULTS = [
    "lost_before",
    "error_before",
    "platform_down_bare",
    "rate_limited_bare",
    "nonsense",
    "accepted_cut",
    "accepted_500",
    "accepted_truncated",
    "accepted_nothing",
    "slow",
    "slow_before",
]
ASKS = {Mechanism.NONE: 1.0, Mechanism.READ_BACK: 0.02}


@dataclass(frozen=True)
class Case:
    """One combination: the account's face and its options, who works, and whether its fault must be seen."""

    name: str
    face: Mechanism
    account: dict[str, Any] = field(default_factory=dict)
    work: Callable[[], None] = work
    sees: str = ""  # for a control: the count that must not be zero
    claims: dict[str, Any] = field(default_factory=dict)  # abilities that we believe wrongly
    pace: dict[str, Any] = field(default_factory=dict)
    warm: int = 0  # publications that go out unharmed first


LAGS = {"lag": 0.1, "settle": 0.3}
CASES = [
    Case("idempotency key", Mechanism.IDEMPOTENCY_KEY, LAGS),
    Case("idempotency key, soon forgotten", Mechanism.IDEMPOTENCY_KEY, LAGS | {"key_seconds": 1.0}),
    Case("client-chosen key", Mechanism.CLIENT_KEY, {"settle": 0.2}),
    Case("two phases", Mechanism.TWO_PHASE, {"settle": 0.2}),
    Case("read back", Mechanism.READ_BACK, LAGS),
    Case(
        "read back, the network states too little",
        Mechanism.READ_BACK,
        {"lag": 0.25, "settle": 0.02},
        pace={"least_settle": 0.02, "lag_samples": 6, "lag_slack": 3.0},
        warm=6,
    ),
    Case("none", Mechanism.NONE, {"settle": 0.2}),
]
CONTROLS = [
    Case("control: sent until it is answered", Mechanism.NONE, work=naive.at_least_once, sees="twice"),
    Case("control: sent once and noted before", Mechanism.NONE, work=naive.at_most_once, sees="untrue"),
    Case(
        "control: looked for sooner than it shows",
        Mechanism.READ_BACK,
        {"lag": 1.0, "settle": 0.05},
        sees="twice",
        pace={"least_settle": 0.05, "lag_samples": 0},
    ),
    Case(
        "control: a key trusted for longer than it lives",
        Mechanism.IDEMPOTENCY_KEY,
        {"lag": 2.0, "settle": 0.05, "key_seconds": 0.1},
        sees="twice",
        claims={"key_valid_for": 3600.0},
        pace={"least_settle": 0.05, "lag_samples": 0},
    ),
    Case(
        "control: a new key for each try",
        Mechanism.CLIENT_KEY,
        {"settle": 0.2},
        work=naive.new_keys,
        sees="twice",
    ),
    Case(
        "control: a draft forgotten between tries",
        Mechanism.TWO_PHASE,
        {"settle": 0.2},
        work=naive.forgotten_drafts,
        sees="twice",
    ),
]


def run(options: Options) -> list[Line]:
    """Every combination, then the controls, each with its own account on one network."""
    network.install()
    with running_network(options.folder / "network") as practice:
        cases = [case for case in (*CASES, *CONTROLS) if options.only in case.name]
        return [played(functools.partial(_play, practice, case, options), bool(case.sees)) for case in cases]


def _play(practice: PracticeNetwork, case: Case, options: Options, number: int, is_final: bool) -> Line:
    chance = options.chance("publish", options.database, case.name, number)
    rounds = options.rounds if not case.sees else max(10, options.rounds // 4)
    line = Line(case.name, {}, is_control=bool(case.sees), is_final=is_final)
    with timed(line), at_pace(case.pace):
        practice.clear_orders()
        publications = round(rounds * PER_KILL)
        channel = open_channel(practice, case.face, **case.account)
        believe(channel, case.claims)
        if case.warm:
            _warm_up(channel, case)
        batch = stock(channel, publications, rounds * MEAN / BESIDE)
        order_faults(practice, chance)
        begun = workers.kill_many(rounds, BESIDE, functools.partial(_doomed, chance, case.work))
        workers.let_finish(BESIDE, calm(case.work), batch.is_done, patience(publications))
        verdict = judge(practice, batch)
        line.counts = {"kills": rounds, **verdict.counts()}
        if not case.sees:
            line.broken = verdict.broken(asks=ASKS.get(case.face, 0.0))
        elif not getattr(verdict, case.sees):
            line.broken = [f"saw no {case.sees}"]
        assert begun >= rounds
    return line


def patience(publications: int) -> float:
    """How many seconds unharmed workers may take for what is left of so many: a bound on what hangs, not a pace."""
    return FINISH + FINISH_EACH * publications


def _warm_up(channel: Channel, case: Case) -> None:
    """Some successes on the same channel, unharmed: so its lag is known before a doubt needs it."""
    early = stock(channel, case.warm, case.warm * 0.2)
    known = VisibilityLag.objects.filter(channel=channel)
    assert workers.let_finish(1, work_and_jobs, lambda: early.is_done() and known.exists(), FINISH)


def _doomed(chance: random.Random, work: Callable[[], None]) -> tuple[Callable[[], None], float]:
    """A worker that is killed at a random moment, or kills itself at a named point."""
    life, seed = chance.uniform(SHORTEST, LONGEST), chance.random()
    point, number = network.drawn(chance)
    if chance.random() < 0.5:
        point, number = "", 0
    else:
        life = 2 * LONGEST  # long enough to get to its point

    def live() -> None:
        random.seed(seed)
        network.plan(point, number, network.kill_me)
        work()

    return live, life


def believe(channel: Channel, claims: dict[str, Any]) -> None:
    """Let the shop believe something else of the account than what is true."""
    if claims:
        Channel.objects.filter(pk=channel.pk).update(abilities={**channel.abilities, **claims})


def order_faults(practice: PracticeNetwork, chance: random.Random) -> None:
    """Half of the answers to what is published, and a part of those to drafts and looks, go wrong."""
    common = {"among": FAULTS, "times": None, "seconds": network.WAITS * 1.6}
    practice.order("any", share=0.5, seed=chance.randrange(10**6), **common)
    practice.order("any", on="draft", share=0.3, seed=chance.randrange(10**6), **common)
    practice.order("any", on="read", share=0.1, seed=chance.randrange(10**6), **common)


@contextmanager
def at_pace(changes: Mapping[str, Any]) -> Iterator[None]:
    """Another pace for the length of a block."""
    before = settings.DELIVERY_PACE
    settings.DELIVERY_PACE = {**before, **read_pace(json.dumps(changes))}
    try:
        yield
    finally:
        settings.DELIVERY_PACE = before
