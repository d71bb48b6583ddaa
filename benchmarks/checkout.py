"""Reservations by 32 people at once at the whole shop, one process with its worker: how long the slowest wait.

Where writers wait for one another at the lock of a file, the unlucky ones wait a hundred times longer than the rest.
"""

from __future__ import annotations

import sqlite3
import tempfile
from itertools import islice
from pathlib import Path

from benchmarks.load.asking import ask
from benchmarks.load.serving import served
from benchmarks.load.shops import Facts, anywhere, in_shop, make
from benchmarks.measure import Figure

CLIENTS, RESERVATIONS, WARM_UP = 32, 1_500, 100
AIM = 10.0


def run() -> list[Figure]:
    """The figure of checkout."""
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as folder:
        facts: Facts = in_shop(Path(folder), make, 1_000, 50)
        wishes, people = facts.reservations(), anywhere()
        with served(Path(folder), "all") as shop:
            ask(shop.port, islice(wishes, WARM_UP), connections=4, addresses=people).only(302)
            before, cpu = _reserved(folder), shop.cpu()
            asked = islice(wishes, RESERVATIONS)
            answers = ask(shop.port, asked, connections=CLIENTS, addresses=people).only(302)
            cpu, kept = shop.cpu() - cpu, _reserved(folder) - before
    if kept != answers.count:
        raise RuntimeError(f"{answers.count} were told that it is reserved, and there are {kept}")
    half, late = answers.wait_at(0.5), answers.wait_at(0.99)
    told = f"{1000 * late:,.0f} to {1000 * half:,.0f} ms"
    note = f"{answers.per_second:,.0f} in a second, {1000 * cpu / answers.count:,.1f} ms of processor each"
    worst = f"; the slowest took {1000 * max(answers.waits):,.0f} ms"
    return [
        Figure(f"{CLIENTS} clients, p99 / p50", told, late / half, AIM, note=note + worst, by="wall"),
    ]


def _reserved(folder: str) -> int:
    with sqlite3.connect(Path(folder) / "etalage.sqlite3") as database:
        return int(database.execute("SELECT count(*) FROM orders_reservation").fetchone()[0])
