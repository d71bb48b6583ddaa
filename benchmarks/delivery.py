"""1,000 publications that fall due in the same second, on a network that takes 300 ms for each: until all are out.

One worker process, as `etalage serve worker` runs it. The network's own ledger says how often each stands there.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.load.deliveries import open_shop, out_after, plan
from benchmarks.load.serving import worker
from benchmarks.load.shops import in_shop
from benchmarks.load.watching import cpu_seconds
from benchmarks.measure import Figure

PUBLICATIONS, NETWORK_S = 1_000, 0.3
BEFORE_S, PATIENCE_S = 15.0, 200.0
AIM_S = 30.0


def run() -> list[Figure]:
    """The figures of delivery."""
    from tests.practice_network import running_network

    with (
        tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as name,
        running_network(Path(name) / "network") as network,
    ):
        folder = Path(name)
        in_shop(folder, open_shop, network.base_url)
        network.order("slow", seconds=NETWORK_S, times=None)
        with worker(folder) as pid:
            markers = in_shop(folder, plan, PUBLICATIONS, BEFORE_S)
            time.sleep(BEFORE_S - 1)
            network_before, before = cpu_seconds([network.process.pid]), cpu_seconds([pid])
            seconds = in_shop(folder, out_after, PUBLICATIONS, PATIENCE_S)
            cost = 1000 * (cpu_seconds([pid]) - before) / PUBLICATIONS
            network_cost = 1000 * (cpu_seconds([network.process.pid]) - network_before) / PUBLICATIONS
        times = Counter(entry["marker"] for entry in network.ledger().publications)
    twice = sum(count > 1 for count in times.values())
    lost = sum(not times[marker] for marker in markers)
    note = f"{cost:.1f} ms of the worker's processor each, and {network_cost:.1f} ms of the network's"
    return [
        Figure(
            f"{PUBLICATIONS:,} due at once, seconds until all are out",
            f"{seconds:.1f} s",
            seconds,
            AIM_S,
            note=note,
            by="wall",
        ),
        Figure(
            "processor of the worker, seconds for all of them",
            f"{cost:.1f} s",
            cost * PUBLICATIONS / 1000,
            AIM_S,
        ),
        Figure("published twice", f"{len(times):,} on the network", twice, 0),
        Figure("lost", f"{len(times):,} on the network", lost, 0),
    ]
