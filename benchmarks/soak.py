"""The whole shop for an hour under everything at once: clicks, webhooks, publications, reservations, visits.

What a program keeps by mistake shows as memory, open files or a log of writes that grow without end. `--minutes`
makes it shorter; slopes of a short run are shown and held against nothing.

Memory is looked at twice. What lives in it, asked from inside, is held against a slope. What the process holds has
holes too, which come and go by megabytes: an hour cannot tell a slope of one MiB of it from none, so it is only held
against a level, its last third to its first.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from benchmarks.load.asking import ask
from benchmarks.load.deliveries import connect, plan
from benchmarks.load.living import read
from benchmarks.load.serving import Served, served
from benchmarks.load.shops import Facts, anywhere, in_shop, make
from benchmarks.load.watching import (
    least_of_each,
    open_files,
    resident_mib,
    slope_error_per_hour,
    slope_per_hour,
)
from benchmarks.measure import Figure

MINUTES = 60.0
SAMPLE_S = 5.0
SETTLED = 0.3  # of the time; before it, memories fill that are meant to
STRETCH_S = 300.0  # the least of each stretch is what is kept: a page takes megabytes for a moment
PACES = {"clicks": 10.0, "webhooks": 5.0, "pages": 1.0, "reservations": 0.5}  # a second
PUBLICATIONS, PUBLICATIONS_EVERY_S = 10, 20.0
MOST_MIB_AN_HOUR, MOST_FILES_AN_HOUR, MOST_WAL_MIB = 1.0, 5.0, 64.0
MOST_HELD = 1.05  # of what it held in the first third


@dataclass
class Seen:
    """What was sampled: (seconds, value) for each thing, and the answers by kind and status."""

    living: list[tuple[float, float]] = field(default_factory=list)
    held: list[tuple[float, float]] = field(default_factory=list)
    files: list[tuple[float, float]] = field(default_factory=list)
    logs: list[tuple[float, float]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[BaseException] = field(default_factory=list)


def run(minutes: float = MINUTES) -> list[Figure]:
    """The figures of the soak."""
    from tests.practice_network import running_network

    with (
        tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as name,
        running_network(Path(name) / "network") as network,
    ):
        folder, seen, over = Path(name), Seen(), threading.Event()
        facts: Facts = in_shop(folder, make, 1_000, 50)
        in_shop(folder, connect, network.base_url)
        with served(folder, "all", witness=folder / "living") as shop:
            began = time.monotonic()
            threads = [
                threading.Thread(target=_guarded, args=(seen, over, work, *arguments))
                for work, *arguments in (
                    (_ask, shop, "clicks", facts.taps(), None),
                    (_ask, shop, "webhooks", facts.deliveries(), None),
                    (_ask, shop, "pages", facts.pages(), None),
                    (_ask, shop, "reservations", facts.reservations(), anywhere()),
                    (_publish, folder),
                )
            ]
            for thread in threads:
                thread.start()
            _watch(seen, shop, folder, 60 * minutes, over)
            over.set()
            for thread in threads:
                thread.join()
            seen.living = read(folder / "living", began)
        seen.answers["publications out"] = len(network.ledger().publications)
    if seen.faults:
        raise RuntimeError("somebody who asked broke off") from seen.faults[0]
    return _figures(seen, minutes)


def _guarded(seen: Seen, over: threading.Event, work: object, *arguments: object) -> None:
    try:
        work(seen, over, *arguments)  # type: ignore[operator]
    except BaseException as fault:
        seen.faults.append(fault)
        over.set()


def _ask(
    seen: Seen,
    over: threading.Event,
    shop: Served,
    what: str,
    requests: Iterator[bytes],
    addresses: Iterator[str] | None,
) -> None:
    """Ask at its pace, each time over a connection of its own, as people do."""
    due = time.monotonic()
    while not over.wait(max(0.0, due - time.monotonic())):
        due = max(due + 1 / PACES[what], time.monotonic() - 1)
        answers = ask(shop.port, itertools.islice(requests, 1), connections=1, addresses=addresses)
        seen.answers.update(f"{what} {status}" for status in answers.statuses.elements())


def _publish(seen: Seen, over: threading.Event, folder: Path) -> None:
    """Plan some publications every now and then."""
    while not over.wait(PUBLICATIONS_EVERY_S):
        seen.answers["publications planned"] += len(in_shop(folder, plan, PUBLICATIONS, 2.0))


def _watch(seen: Seen, shop: Served, folder: Path, seconds: float, over: threading.Event) -> None:
    """Sample until the time is over."""
    began = time.monotonic()
    while (since := time.monotonic() - began) < seconds and not over.wait(SAMPLE_S):
        (pid,) = shop.pids
        seen.held.append((since, resident_mib(pid)))
        seen.files.append((since, open_files(pid)))
        seen.logs.append((since, sum(log.stat().st_size for log in folder.glob("*-wal")) / 2**20))


def _figures(seen: Seen, minutes: float) -> list[Figure]:
    """The figures of what was seen. Growth is by the clock: beside others less is done in an hour, and it is void."""
    living, held, files, logs = (
        samples[int(SETTLED * len(samples)) :] for samples in (seen.living, seen.held, seen.files, seen.logs)
    )
    lives, holds = least_of_each(STRETCH_S, living), least_of_each(STRETCH_S, held)
    third = max(1, len(holds) // 3)
    whole = minutes >= MINUTES
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(seen.answers.items()))
    return [
        Figure(
            "memory that lives, MiB more in an hour",
            f"{_least(lives):.1f} to {_most(lives):.1f} MiB, error {slope_error_per_hour(lives):.2f}",
            slope_per_hour(lives),
            MOST_MIB_AN_HOUR if whole else None,
            note=f"{minutes:g} minutes, the first {SETTLED:.0%} left out: {told}",
            by="wall",
        ),
        Figure(
            "memory that is held, the last third to the first",
            f"{_least(holds):.1f} to {_most(holds):.1f} MiB",
            mean(value for _, value in holds[-third:]) / mean(value for _, value in holds[:third]),
            MOST_HELD if whole else None,
            note=f"{slope_per_hour(holds):+.1f} MiB in an hour, error {slope_error_per_hour(holds):.1f}",
            by="wall",
        ),
        Figure(
            "open files, more in an hour",
            f"{_least(files):.0f} to {_most(files):.0f}, as a rule {median(v for _, v in files):.0f}",
            slope_per_hour(files),
            MOST_FILES_AN_HOUR if whole else None,
            by="wall",
        ),
        Figure(
            "logs of writes at their longest, MiB",
            f"{logs[-1][1]:.1f} MiB at the end",
            _most(seen.logs),
            MOST_WAL_MIB,
            by="wall",
        ),
        Figure("answers that were none of the expected", "5xx, 4xx", float(_unexpected(seen)), 0.0),
    ]


def _least(samples: list[tuple[float, float]]) -> float:
    return min(value for _, value in samples)


def _most(samples: list[tuple[float, float]]) -> float:
    return max(value for _, value in samples)


def _unexpected(seen: Seen) -> int:
    fine = {
        "clicks 302",
        "webhooks 200",
        "pages 200",
        "reservations 302",
        "publications planned",
        "publications out",
    }
    return sum(count for what, count in seen.answers.items() if what not in fine)
