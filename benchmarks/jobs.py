"""10,000 small jobs on SQLite by one worker process and by four, against as many bare updates of one row each.

A job that does nothing is written twice, when it is taken and when it is done; both are on the disk before what comes.
The bare update is the least that any queue does which is to remember what was done: one row, one commit, the same
`synchronous=FULL`. Workers have the threads that `etalage serve worker` gives them.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from multiprocessing import get_context

from benchmarks.jobs_data import bare_updates, make_jobs, unfinished, work
from benchmarks.measure import Figure

JOBS = 10_000
LOOK_SECONDS = 0.1
CONTEXT = get_context("spawn")


@dataclass(frozen=True)
class Run:
    """Seconds on the clock, and processor seconds of all processes together."""

    wall: float
    cpu: float

    @property
    def told(self) -> str:
        """For people."""
        return f"{JOBS / self.wall:,.0f}/s, {1e6 * self.cpu / JOBS:,.0f} µs cpu each"


def worked_off(processes: int) -> Run:
    """A new database of jobs, worked off by so many processes."""
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as folder:
        maker = CONTEXT.Process(target=make_jobs, args=(folder, JOBS))
        maker.start()
        maker.join()
        if maker.exitcode:
            raise RuntimeError("the jobs could not be made; the error is above")
        pipes = []
        for _ in range(processes):
            ours, theirs = CONTEXT.Pipe()
            CONTEXT.Process(target=work, args=(theirs, folder), daemon=True).start()
            theirs.close()
            pipes.append(ours)
        for pipe in pipes:
            pipe.recv()
        began = time.perf_counter()
        for pipe in pipes:
            pipe.send("begin")
        while unfinished(folder):
            time.sleep(LOOK_SECONDS)
        wall = time.perf_counter() - began
        for pipe in pipes:
            pipe.send("end")
        return Run(wall, sum(pipe.recv() for pipe in pipes))


def bare() -> Run:
    """The bare updates."""
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as folder, CONTEXT.Pool(1) as pool:
        return Run(*pool.apply(bare_updates, (folder, JOBS)))


def run() -> list[Figure]:
    """The figures of background work."""
    floors = [bare()]
    one = worked_off(1)
    floors.append(bare())
    four = worked_off(4)
    floors.append(bare())
    floor = sorted(floors, key=lambda each: each.wall)[1]
    return [
        Figure(
            "jobs per second, one process / bare updates per second",
            one.told,
            floor.wall / one.wall,
            note=f"bare updates: {floor.told}",
        ),
        Figure(
            "jobs per second, four processes / bare updates per second", four.told, floor.wall / four.wall
        ),
        Figure("processor per job, four processes / one", four.told, four.cpu / one.cpu),
    ]
