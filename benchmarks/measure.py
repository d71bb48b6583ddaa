"""Timing that can be believed: work by turns, medians of pairs, and how much of the machine others used."""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Literal

#: Beyond this share of the machine used by others, ratios of wall time are void.
MOST_FOREIGN = 0.15


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds on the clock, and seconds of processor (user and system, children that have ended included)."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `measured` is for people; `ratio` is held against `aim` (at most, or at least).

    `by` says what was measured: processor time holds also on a busy machine, time on the clock does not.
    """

    name: str
    measured: str
    ratio: float
    aim: float | None = None
    at_least: bool = False
    note: str = ""
    by: Literal["cpu", "wall"] = "cpu"

    @property
    def met(self) -> bool:
        """Whether the ratio is where it should be; without an aim it always is."""
        if self.aim is None:
            return True
        return self.ratio >= self.aim if self.at_least else self.ratio <= self.aim


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def timed(work: Callable[[], object]) -> Timing:
    """How long `work` takes once."""
    gc.collect()
    cpu, wall = _cpu(), time.perf_counter()
    work()
    return Timing(time.perf_counter() - wall, _cpu() - cpu)


def by_turns(works: Mapping[str, Callable[[], object]], rounds: int = 5) -> dict[str, list[Timing]]:
    """Run each of `works` once to warm up, then all of them round by round, every other round backwards."""
    for work in works.values():
        work()
    timings: dict[str, list[Timing]] = {name: [] for name in works}
    for turn in range(rounds):
        for name in list(works)[:: 1 if turn % 2 == 0 else -1]:
            timings[name].append(timed(works[name]))
    return timings


def ratio(ours: list[Timing], theirs: list[Timing], by: Literal["cpu", "wall"] = "cpu") -> float:
    """The median over the rounds of ours to theirs. By default in processor seconds, the steadier measure."""
    pairs = zip(ours, theirs, strict=True)
    return median(a.wall / b.wall if by == "wall" else a.cpu / b.cpu for a, b in pairs)


def seconds(timings: list[Timing]) -> str:
    """The medians, for people."""
    return f"{median(t.wall for t in timings):.2f} s ({median(t.cpu for t in timings):.2f} s cpu)"


class Foreign:
    """While open, notes the share of the machine's processors that everybody else used; None where unknown."""

    share: float | None = None

    def __enter__(self) -> Foreign:
        self._busy, self._own, self._wall = _busy_seconds(), _cpu(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        busy, own, wall = _busy_seconds(), _cpu(), time.perf_counter()
        if busy is not None and self._busy is not None:
            others = (busy - self._busy) - (own - self._own)
            self.share = max(0.0, others / ((wall - self._wall) * (os.cpu_count() or 1)))


def _busy_seconds() -> float | None:
    """Processor seconds that the machine has worked since it started (Linux), without idling and waiting."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _idle, _wait, irq, softirq = map(int, stat.read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def peak_mib(work: Callable[..., object], *arguments: Any) -> float:
    """The most memory that a fresh process holds while it runs `work(*arguments)`, in MiB.

    `work` is a function of a module, and its arguments can be pickled. Raises RuntimeError when it fails.
    """
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_report_peak, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        return float(receiver.recv()) / 1024
    except EOFError:
        raise RuntimeError("the measured process failed; its error is above") from None
    finally:
        process.join()


def _report_peak(sender: Any, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    work(*arguments)
    sender.send(_peak_kib())


def _peak_kib() -> int:
    """This process's peak. Not `ru_maxrss` where Linux tells better: that one begins at the parent's size."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
