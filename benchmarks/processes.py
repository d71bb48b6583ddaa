"""What a request costs with four processes on one socket, against one: intake, redirect, and a product's page.

Processor time of all processes together for each request; more processes must not get into each other's way. Each
process has as many connections to answer: what one commit serves must not depend on how the load is dealt out. An
application that does nothing shows what the machine itself charges for more processes than it has cores.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.edge import Pace, paced
from benchmarks.load.asking import get
from benchmarks.load.serving import Served, served
from benchmarks.load.shops import Facts, in_shop, make
from benchmarks.measure import Figure

MANY, ROUNDS, SECONDS = 4, 7, 2.0
AIM = 1.15


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
        return [
            _figure("null application", nulls, facts.taps(), 200),
            _figure("intake", edges, facts.deliveries(), 200),
            _figure("redirect", edges, facts.taps(), 302),
            _figure("product page", webs, facts.pages(), 200),
        ]


def _figure(name: str, programs: dict[int, Served], requests: Iterator[bytes], expected: int) -> Figure:
    """One process and many by turns."""
    paces: dict[int, list[Pace]] = {number: [] for number in programs}
    for turn in range(ROUNDS + 1):
        for number in list(programs)[:: 1 if turn % 2 else -1]:
            pace = paced(programs[number], requests, expected, SECONDS)
            if turn:  # the first warms up
                paces[number].append(pace)
    one, many = paces[1], paces[MANY]
    ratio = median(b.micros / a.micros for a, b in zip(one, many, strict=True))
    told = f"{median(p.micros for p in many):,.0f} to {median(p.micros for p in one):,.0f} µs"
    return Figure(f"{name}, {MANY} processes / one, processor for a request", told, ratio, AIM)
