"""What every family of faults is told, and what it tells."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TRIES = 4  # of a control


@dataclass(frozen=True)
class Options:
    """How hard, on what, and from which seed. `folder`: a place of its own for files, deleted afterwards."""

    database: str  # "sqlite" or "postgresql"
    rounds: int  # kills, stops or jumps per combination; the family says what a round is
    seed: int
    short: bool
    folder: Path
    only: str = ""  # a part of the names of the combinations that are wanted

    def chance(self, *names: object) -> random.Random:
        """A chance of its own for each part of a run: the same seed plays the same part again."""
        return random.Random(f"{self.seed}:{':'.join(map(str, names))}")


@dataclass
class Line:
    """One line of the report. `broken` names the invariants that did not hold; empty is good."""

    name: str
    counts: Mapping[str, object]
    broken: list[str] = field(default_factory=list)
    is_control: bool = False  # a control is good when the harness sees its fault
    seconds: float = 0.0
    is_final: bool = True  # else it is played once more, and what it says does not count
    skipped: str = ""  # why it was not played

    def say(self) -> None:
        """Print it."""
        word = "BROKEN" if self.is_final else "once more:"
        good = f"skipped: {self.skipped}" if self.skipped else "seen" if self.is_control else "held"
        verdict = f"{word} {', '.join(self.broken)}" if self.broken else good
        counts = "  ".join(f"{name} {value}" for name, value in self.counts.items())
        print(f"{self.name:<52} {verdict:<7} {self.seconds:6.1f} s  {counts}", flush=True)


def played(play: Callable[[int, bool], Line], is_control: bool) -> Line:
    """What a case came to. `play` is given which try this is, and whether another would follow.

    A control whose fault was not seen is played again, by another chance: it has to show that the harness can see the
    fault, not how often it comes. All else is played once.
    """
    for number in range(TRIES if is_control else 1):
        line = play(number, not is_control or number == TRIES - 1)
        if not line.broken:
            break
    return line


@contextmanager
def timed(line: Line) -> Iterator[Line]:
    """Measure how long the block takes, then print the line."""
    begun = time.monotonic()
    yield line
    line.seconds = time.monotonic() - begun
    line.say()


def skipped(name: str, why: str) -> Line:
    """The line of what this machine cannot play. Where CI is set it breaks the run, which would pass for a proof."""
    line = Line(name, {}, [f"not played: {why}"] if os.environ.get("CI") else [], skipped=why)
    line.say()
    return line
