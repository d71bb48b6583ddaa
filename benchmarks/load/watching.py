"""What a running program uses, as the kernel tells it (Linux): processor, memory, open files."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor seconds, user and system, of these processes so far, in steps of a hundredth."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def resident_mib(pid: int) -> float:
    """Memory that a process holds, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def open_files(pid: int) -> int:
    """Files, sockets and pipes that a process holds open."""
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  (the folder is the kernel's)


def slope_error_per_hour(samples: list[tuple[float, float]]) -> float:
    """The standard error of `slope_per_hour`: how far it may be off by what wobbles. Infinite for two samples."""
    if len(samples) < 3:
        return math.inf
    mean_t = sum(t for t, _ in samples) / len(samples)
    mean_v = sum(v for _, v in samples) / len(samples)
    slope = slope_per_hour(samples) / 3600
    rest = sum((v - mean_v - slope * (t - mean_t)) ** 2 for t, v in samples)
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    return 3600 * math.sqrt(rest / (len(samples) - 2) / spread)


def slope_per_hour(samples: list[tuple[float, float]]) -> float:
    """How much a value grows in an hour: least squares over (seconds, value)."""
    mean_t = sum(t for t, _ in samples) / len(samples)
    mean_v = sum(v for _, v in samples) / len(samples)
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    return 3600 * sum((t - mean_t) * (v - mean_v) for t, v in samples) / spread if spread else 0.0


def least_of_each(stretch_s: float, samples: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The least (seconds, value) of each whole stretch of so many seconds; of all where there is no whole one."""
    began = samples[0][0]
    whole = max(1, int((samples[-1][0] - began) // stretch_s))
    stretches: list[list[tuple[float, float]]] = [[] for _ in range(whole)]
    for sample in samples:
        if (number := int((sample[0] - began) // stretch_s)) < whole:
            stretches[number].append(sample)
    return [min(stretch, key=itemgetter(1)) for stretch in stretches if stretch]
