"""`python -m benchmarks [name …]`: run benchmarks and hold their ratios against their aims."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.measure import MOST_FOREIGN, Figure, Foreign

#: Modules here that others are made of.
_PARTS = {"__init__", "__main__", "measure"}


def names() -> list[str]:
    """The benchmarks that there are: modules of this folder without `_data` at the end of their name."""
    stems = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(stem for stem in stems - _PARTS if not stem.endswith("_data"))


def shown(figure: Figure) -> str:
    """One figure as a line."""
    aim, verdict = "", ""
    if figure.aim is not None:
        aim = f"aim {'≥' if figure.at_least else '≤'} {figure.aim:g}"
        verdict = "met" if figure.met else "NOT MET"
    line = f"  {figure.name:<64} {figure.measured:<26} {figure.ratio:8.2f}  {aim:<11} {verdict}".rstrip()
    return f"{line}\n      {figure.note}" if figure.note else line


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks named, or all. 0 when every aim is met, 1 when one is not, 2 for an unknown name."""
    known = names()
    if unknown := [name for name in arguments if name not in known]:
        print(f"No benchmark is called {unknown[0]}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    all_met = True
    for name in arguments or known:
        print(f"{name}", flush=True)
        with Foreign() as foreign:
            figures = import_module(f"benchmarks.{name}").run()
        for figure in figures:
            print(shown(figure), flush=True)
            all_met = all_met and figure.met
        if foreign.share is not None:
            advice = ": measure again when it is quiet" if foreign.share > MOST_FOREIGN else ""
            print(f"  others used {foreign.share:.0%} of the machine{advice}")
    return 0 if all_met else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
