"""What a request costs with four processes on one socket, against one: intake, redirect, and a product's page.

Processor time of all processes together for each request; more processes must not get into each other's way. Each
process has as many connections to answer: what one commit serves must not depend on how the load is dealt out. An
application that does nothing shows what the machine and the server themselves charge for more processes than there
are cores; what is held against the aim is what the product adds to that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.edge import Pace, paced
from benchmarks.load.asking import get
from benchmarks.load.serving import Served, served
from benchmarks.load.shops import Facts, in_shop, make
from benchmarks.measure import Figure

MANY, ROUNDS, SECONDS = 4, 7, 2.0
AIM = 1.15
_NAME = f"processor for a request, {MANY} processes / one"


def run() -> list[Figure]:
    """The figures of several processes."""
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as folder, ExitStack() as stack:
        facts: Facts = in_shop(Path(folder), make, 1_000, 50)
        page = get(f"/en/shop/p/{facts.products[0]}/", accept_language="en")
        edges, webs = (
            {
                number: stack.enter_context(served(Path(folder), part, processes=number, warm=warm))
                for number in (1, MANY)
            }
            for part, warm in (("edge", b""), ("web", page))
        )
        nulls = {
            number: stack.enter_context(served(Path(folder), "edge", kind="null", processes=number))
            for number in (1, MANY)
        }
        charged = _measured(nulls, facts.taps(), 200)
        return [
            Figure(f"a null application, {_NAME}", charged.told, charged.ratio),
            _figure("intake", _measured(edges, facts.deliveries(), 200), charged),
            _figure("redirect", _measured(edges, facts.taps(), 302), charged),
            _figure("product page", _measured(webs, facts.pages(), 200), charged),
        ]


@dataclass(frozen=True)
class _Cost:
    """Of a request with many processes to one, and the two in words."""

    ratio: float
    told: str


def _measured(programs: dict[int, Served], requests: Iterator[bytes], expected: int) -> _Cost:
    """One process and many by turns."""
    paces: dict[int, list[Pace]] = {number: [] for number in programs}
    for turn in range(ROUNDS + 1):
        for number in list(programs)[:: 1 if turn % 2 else -1]:
            pace = paced(programs[number], requests, expected, SECONDS)
            if turn:  # the first warms up
                paces[number].append(pace)
    one, many = paces[1], paces[MANY]
    ratio = median(b.micros / a.micros for a, b in zip(one, many, strict=True))
    return _Cost(ratio, f"{median(p.micros for p in many):,.0f} to {median(p.micros for p in one):,.0f} µs")


def _figure(name: str, cost: _Cost, charged: _Cost) -> Figure:
    """What it costs beyond what a null application is charged."""
    note = f"{cost.ratio:.2f} in all, {charged.ratio:.2f} of it for a null application"
    return Figure(
        f"{name}, {_NAME}, beyond the null's", cost.told, cost.ratio / charged.ratio, AIM, note=note
    )
