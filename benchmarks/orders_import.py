"""The import of 209,029 order lines into a shop on SQLite, against a bare insert of the same file into one table.

The import finds columns, reads dates and amounts, groups lines into orders, makes customers known, joins credit notes
to the sales that they undo, writes indexed tables and announces what changed. Memory is the peak of a fresh process
for half of a made file and for four times as much: flat means that the file's size does not show.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.measure import Figure, Timing, peak_mib, ratio, seconds, timed
from benchmarks.orders_import_data import (
    LINES,
    bare_insert,
    forget_orders,
    import_into,
    import_orders,
    lines_file,
    made_file,
    new_shop,
)

_ROUNDS = 3


def _by_rounds(works: Mapping[str, Callable[[], object]]) -> dict[str, list[Timing]]:
    """Time `works` in this order, round by round, after one round to warm up: each leaves what the next one needs."""
    rounds = [{name: timed(work) for name, work in works.items()} for _ in range(_ROUNDS + 1)]
    return {name: [timings[name] for timings in rounds[1:]] for name in works}


def run() -> list[Figure]:
    """The figures of the import of orders."""
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as name:
        folder = Path(name)
        path = lines_file(folder)
        new_shop(folder / "shop")
        bare = folder / "bare.sqlite3"
        # The bare insert is a program of its own: it does not pay for the collector's walks over Django's objects.
        gc.collect()
        gc.freeze()

        def insert() -> None:
            for old in folder.glob("bare.sqlite3*"):
                old.unlink()
            bare_insert(path, bare)

        clear = {
            "forget": forget_orders,
            "import": partial(import_orders, path),
            "again": partial(import_orders, path),
        }
        timings = _by_rounds({"bare": insert, **clear})
        sizes = {lines: made_file(folder / f"{lines}.csv.gz", lines) for lines in (LINES // 2, LINES * 2)}
        small, large = (
            peak_mib(import_into, str(folder / f"shop-{lines}"), str(file)) for lines, file in sizes.items()
        )
    clock = ratio(timings["import"], timings["bare"], "wall")
    return [
        Figure(
            "import of 209,029 order lines / a bare insert",
            seconds(timings["import"]),
            ratio(timings["import"], timings["bare"]),
            4,
            note=f"bare insert: {seconds(timings['bare'])}; on the clock {clock:.2f} times its time",
        ),
        Figure(
            "the same file again, nothing new / a bare insert",
            seconds(timings["again"]),
            ratio(timings["again"], timings["bare"]),
            4,
        ),
        Figure(
            "memory: peak with 418,058 lines / with 104,514",
            f"{large:.0f} MiB / {small:.0f} MiB",
            large / small,
            1.1,
        ),
    ]
