"""Webhooks taken and tracked links followed, against an application that does nothing and a plain Django view.

All four are served by the product's own server with its settings, one process each, and are asked by turns over 32
connections. The plain view checks the same signature and commits one row for each request, as durable (`FULL`).
Processor time holds on a busy machine; requests per second only on one that is ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.load.asking import ask
from benchmarks.load.serving import Served, served
from benchmarks.load.shops import Facts, in_shop, make
from benchmarks.measure import Figure

ROUNDS, SECONDS, CONNECTIONS = 5, 2.0, 32


@dataclass(frozen=True)
class Pace:
    """One round: requests in a second, and the server's processor microseconds for each."""

    per_second: float
    micros: float


def paced(program: Served, requests: Iterator[bytes], expected: int, seconds: float = SECONDS) -> Pace:
    """Ask for some seconds, over as many connections for each of its processes."""
    before, connections = program.cpu(), CONNECTIONS * len(program.pids)
    answers = ask(program.port, requests, connections=connections, seconds=seconds).only(expected)
    return Pace(answers.per_second, 1e6 * (program.cpu() - before) / answers.count)


def run() -> list[Figure]:
    """The figures of the edge."""
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as folder, ExitStack() as stack:
        facts: Facts = in_shop(Path(folder), make, 200, 50)
        edge = stack.enter_context(served(Path(folder), "edge"))
        null = stack.enter_context(served(Path(folder), "edge", kind="null"))
        plain = stack.enter_context(served(Path(folder), "edge", kind="plain"))
        turns = {
            "null": (null, facts.deliveries(), 200),
            "intake": (edge, facts.deliveries(), 200),
            "plain": (plain, facts.deliveries(), 200),
            "null, asked by GET": (null, facts.taps(), 200),
            "redirect": (edge, facts.taps(), 302),
        }
        paces: dict[str, list[Pace]] = {name: [] for name in turns}
        for turn in range(ROUNDS + 1):
            for name in list(turns)[:: 1 if turn % 2 else -1]:
                pace = paced(*turns[name])
                if turn:  # the first warms up
                    paces[name].append(pace)
    pairs = [
        ("intake", "null", 0.10),
        ("redirect", "null, asked by GET", 0.25),
        ("intake", "plain", 4.0),
    ]
    return [figure for ours, theirs, aim in pairs for figure in _both(paces, ours, theirs, aim)]


def _both(paces: dict[str, list[Pace]], ours: str, theirs: str, aim: float) -> list[Figure]:
    """The same comparison by the clock and by the processor."""
    rounds = list(zip(paces[ours], paces[theirs], strict=True))
    clock = median(a.per_second / b.per_second for a, b in rounds)
    processor = median(b.micros / a.micros for a, b in rounds)
    rates = [median(pace.per_second for pace in paces[name]) for name in (ours, theirs)]
    costs = [median(pace.micros for pace in paces[name]) for name in (ours, theirs)]
    return [
        Figure(
            f"{ours} / {theirs}, requests in a second",
            f"{rates[0]:,.0f} to {rates[1]:,.0f}/s",
            clock,
            aim,
            at_least=True,
            by="wall",
        ),
        Figure(
            f"{theirs} / {ours}, processor for a request",
            f"{costs[1]:,.0f} to {costs[0]:,.0f} µs",
            processor,
            aim,
            at_least=True,
        ),
    ]
