"""`python -m benchmarks [name …]`: run benchmarks and hold their ratios against their aims.

`python -m benchmarks soak --minutes 10`: one that takes an hour is run only by its name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.measure import MOST_FOREIGN, Figure, Foreign

#: Modules here that others are made of.
_PARTS = {"__init__", "__main__", "measure"}
#: Benchmarks that take an hour.
_LONG = {"soak"}


def names() -> list[str]:
    """The benchmarks that there are: modules of this folder without `_data` at the end of their name."""
    stems = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(stem for stem in stems - _PARTS if not stem.endswith("_data"))


def shown(figure: Figure, foreign: float | None = None) -> str:
    """One figure as a line; beside others who used too much of the machine, a time on the clock is void."""
    aim, verdict = "", ""
    if figure.aim is not None:
        aim = f"aim {'≥' if figure.at_least else '≤'} {figure.aim:g}"
        verdict = "VOID" if is_void(figure, foreign) else "met" if figure.met else "NOT MET"
    line = f"  {figure.name:<64} {figure.measured:<26} {figure.ratio:8.2f}  {aim:<11} {verdict}".rstrip()
    return f"{line}\n      {figure.note}" if figure.note else line


def is_void(figure: Figure, foreign: float | None) -> bool:
    """Whether the figure says nothing because others used more of the machine than it bears."""
    return figure.by == "wall" and foreign is not None and foreign > MOST_FOREIGN


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks named, or all. 0 when every aim is met, 1 when one is not, 2 for an unknown name.

    A figure that is void is neither met nor missed: the status is then 3, unless an aim was missed.
    """
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--minutes", type=float, help="how long the soak takes")
    asked, known = parser.parse_args(arguments), names()
    if unknown := [name for name in asked.names if name not in known]:
        print(f"No benchmark is called {unknown[0]}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    all_met, some_void = True, False
    for name in asked.names or [name for name in known if name not in _LONG]:
        print(f"{name}", flush=True)
        options = {"minutes": asked.minutes} if name in _LONG and asked.minutes else {}
        with Foreign() as foreign:
            figures = import_module(f"benchmarks.{name}").run(**options)
        for figure in figures:
            print(shown(figure, foreign.share), flush=True)
            void = is_void(figure, foreign.share)
            all_met, some_void = all_met and (figure.met or void), some_void or void
        if foreign.share is not None:
            print(f"  others used {foreign.share:.0%} of the machine{_advice(foreign.share)}", flush=True)
    return 1 if not all_met else 3 if some_void else 0


def _advice(foreign: float) -> str:
    if foreign <= MOST_FOREIGN:
        return ""
    return ": what was timed by the clock is void, measure again when it is quiet; processor time holds"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
