"""Deliveries taken in from the journal, against a bare bulk insert of the rows that they become.

They came in for twelve channels mixed, and one of each hundred cannot be read. The bare insert writes the same rows of
things and of events into empty tables of the same make, as durable (`FULL`), and does nothing else: no reading of
bodies, no journal, no looking for what is known already. Both use one core; processor time holds on a busy machine.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from benchmarks.drain_data import bare, drained, open_shop
from benchmarks.load.shops import in_shop
from benchmarks.measure import Figure, Timing

CHANNELS, DELIVERIES, BAD_IN, ROUNDS = 12, 6_000, 100, 3


def run() -> list[Figure]:
    """The figures of the drain."""
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as folder:
        ours, floor = in_shop(Path(folder), _rounds, folder)
    readable = DELIVERIES - DELIVERIES // BAD_IN
    processor, clock = (median(getattr(t, by) for t in ours) for by in ("cpu", "wall"))
    told = f"{1e6 * processor / readable:,.0f} µs cpu each"
    bare_told = f"bare inserts: {1e6 * median(t.cpu for t in floor) / readable:,.0f} µs cpu each"
    return [
        Figure("deliveries taken in in a second of a core", told, readable / processor, 300, at_least=True),
        Figure(
            "deliveries taken in in a second",
            f"{clock:.1f} s",
            readable / clock,
            300,
            at_least=True,
            by="wall",
        ),
        Figure(
            "bare inserts of the same rows / taking in, processor",
            told,
            median(b.cpu / a.cpu for a, b in zip(ours, floor, strict=True)),
            0.03,
            at_least=True,
            note=bare_told,
        ),
    ]


def _rounds(folder: str) -> tuple[list[Timing], list[Timing]]:
    """Both by turns, on a shop that grows as it goes. Raises RuntimeError when anything readable stayed behind."""
    keys = open_shop(CHANNELS)
    ours, floor = [], []
    for turn in range(ROUNDS + 1):
        timing, handled = drained(keys, DELIVERIES, BAD_IN, turn)
        if handled != DELIVERIES - DELIVERIES // BAD_IN:
            raise RuntimeError(f"only {handled} of {DELIVERIES} deliveries were taken in")
        written = bare(folder, turn)
        if turn:  # the first warms up
            ours.append(timing)
            floor.append(written)
    return ours, floor
