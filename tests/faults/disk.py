"""A disk that fills up under a real edge, on a small file system of its own.

Intake says 503 before the disk is full and when it is, never an error of ours; what it said 200 to is there; it goes
on by itself once there is room. The control says yes first and writes afterwards, and loses what it said yes to.
Needs root, to mount the small file system. (One that turns read-only cannot be shown so: Linux does not turn a file
system read-only while files on it are open for writing.)
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from etalage.edge.server import bind
from tests.edge.world import event, signed, until
from tests.ending import with_parent
from tests.faults.family import Line, Options, note, timed

SIZE_MIB = 8
HOOK = "/hooks/practice/good"
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of `SIZE_MIB`, gone at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def edge(folder: Path, kind: str) -> Iterator[str]:
    """An edge of its own on this folder, as `tests.edge` starts it; its address."""
    with bind("127.0.0.1", 0) as listener:
        command = [sys.executable, "-m", "tests.edge.shop_process", str(folder), str(listener.fileno()), kind]
        process = subprocess.Popen(
            command,
            pass_fds=[listener.fileno()],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
            preexec_fn=with_parent,
        )
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield address
    finally:
        process.terminate()
        process.wait(30)


async def deliver(address: str, first: int, number: int) -> tuple[Counter[int], set[str]]:
    """So many deliveries of 40 kB by four senders; the statuses, and what was acknowledged."""
    seen: Counter[int] = Counter()
    kept: set[str] = set()
    numbers = iter(range(first, first + number))

    async def sender(client: httpx.AsyncClient) -> None:
        for one in numbers:
            raw = event(one) + b" " * 40_000
            answer = await client.post(HOOK, content=raw, headers=signed(raw, f"d-{one}"))
            seen[answer.status_code] += 1
            if answer.status_code == 200:
                kept.add(f"d-{one}")

    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
        await asyncio.gather(*(sender(client) for _ in range(4)))
    return seen, kept


def fill(folder: Path) -> Callable[[], None]:
    """Take all the room that is left; what gives it back."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
                file.flush()
        except OSError:
            pass
    return ballast.unlink


def strike(folder: Path, kind: str, harm: Callable[[Path], Callable[[], None]], name: str) -> Line:
    """Some deliveries before the harm, many under it, some after it is over."""
    line = Line(name, {}, is_control=kind == "hasty")
    with timed(line), small_disk(folder) as disk:
        (disk / "etalage.sqlite3").touch()
        with edge(disk, kind) as address:
            before, kept = asyncio.run(deliver(address, 0, 20))
            mend = harm(disk)
            under, more = asyncio.run(deliver(address, 1000, 80))
            mend()
            until(lambda: _takes(address), 30)
            after, most = asyncio.run(deliver(address, 2000, 20))
        acknowledged = kept | more | most
        stored = _stored(disk / ("hasty.sqlite3" if kind == "hasty" else "journal.sqlite3"))
        lost = len(acknowledged - stored)
        others = set(before + under + after) - {200, 503}
        line.counts = {"before": dict(before), "under": dict(under), "after": dict(after), "lost": lost}
        if line.is_control:
            line.broken = [] if lost else ["the harness does not see the loss"]
        else:
            line.broken = ["lost"] * bool(lost) + [f"status {other}" for other in sorted(others)]
            line.broken += ["never refused"] * (503 not in under) + ["not back"] * (set(after) != {200})
    return line


def _takes(address: str) -> bool:
    raw = event(1)
    answer = httpx.post(
        address + HOOK, content=raw, headers=signed(raw, "again"), timeout=30, trust_env=False
    )
    return answer.status_code == 200


def _stored(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in database.execute("SELECT delivery_id FROM delivery")}


def run(options: Options) -> list[Line]:
    """Full so many times, and the control once."""
    if os.getuid() != 0:
        note("skipped: only root may mount a small file system")
        return []
    lines = []
    for number in range(max(1, options.rounds)):
        folder = options.folder / f"disk-{number}"
        lines.append(strike(folder, "edge", fill, "a disk that is full"))
    lines.append(strike(options.folder / "hasty", "hasty", fill, "control: yes first, written afterwards"))
    return lines
