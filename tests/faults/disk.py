"""A disk that fills up, or turns read-only, under a real edge, on a small file system of its own.

Intake says 503 while it cannot write, never an error of ours; what it said 200 to is there; links lead on all the
while; it goes on by itself once there is room, or once the disk is mended and mounted again. The edge keeps no room
free here, so that its writes themselves fail: that it refuses before they do is `tests/edge/test_small_disk.py`. The
control says yes first and writes afterwards, and loses what it said yes to.

Needs root, to mount the small file system. Read-only it turns as in a shop: ext4 meets an error under open files.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx

from etalage.edge.listener import bind
from tests.edge.world import Shop, event, signed, until
from tests.ending import with_parent
from tests.faults.family import Line, Options, skipped, timed

SIZE_MIB = 8
HOOK = "/hooks/practice/good"
ROOT = Path(__file__).resolve().parents[2]
FULL = "a disk that is full"
READ_ONLY = "a disk that turns read-only"
CANNOT_FAIL = "it takes root, loop devices and mkfs.ext4"


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
def failing_disk(folder: Path, mib: int = SIZE_MIB * 3) -> Iterator[Path]:
    """An ext4 that turns read-only at its first error. (tmpfs turns only while no file is open for writing.)"""
    folder.mkdir(parents=True, exist_ok=True)
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(mib << 20)
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", str(image)], check=True, capture_output=True)
    mount(image, folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def can_fail() -> bool:
    """Whether this machine lets us make such a disk."""
    return os.getuid() == 0 and Path("/dev/loop-control").exists() and bool(shutil.which("mkfs.ext4"))


def mount(image: Path, folder: Path) -> None:
    """Mount a file as a disk."""
    command = ["mount", "-o", "loop,errors=remount-ro", str(image), str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def fail(folder: Path) -> Callable[[], None]:
    """Let the disk meet an error; what mends it and mounts it again."""
    found = subprocess.run(
        ["findmnt", "-no", "SOURCE", str(folder)], check=True, capture_output=True, text=True
    )
    device = Path(found.stdout.strip())
    Path(f"/sys/fs/ext4/{device.name}/trigger_fs_error").write_text("1")
    assert os.statvfs(folder).f_flag & os.ST_RDONLY or _refuses(folder)

    def mend(meanwhile: Callable[[], None] = lambda: None) -> None:
        # A new device: the programs that still hold files of the old one keep that one. `mount` would take the device
        # of a file that it has mounted before.
        healed = folder.with_suffix(f".{uuid4().hex}")
        shutil.copyfile(device, healed)
        subprocess.run(["umount", "-l", str(folder)], check=True)
        meanwhile()  # nothing stands there now
        subprocess.run(["e2fsck", "-f", "-p", str(healed)], check=False, capture_output=True)
        mount(healed, folder)

    return mend


def _refuses(folder: Path) -> bool:
    try:
        (folder / "probe").touch()
    except OSError as error:
        return error.errno == errno.EROFS
    return False


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
    """Take all the room that is left, also what came free since the last time; what gives it back."""
    ballast = folder / "ballast"
    with suppress(OSError), ballast.open("ab") as file:  # where nothing is left at all, it cannot even begin
        while True:
            file.write(b"\0" * 65_536)
            file.flush()
    return partial(ballast.unlink, missing_ok=True)


Disk = Callable[[Path], AbstractContextManager[Path]]
Harm = Callable[[Path], Callable[[], None]]


def strike(folder: Path, kind: str, disk_of: Disk, harm: Harm, name: str) -> Line:
    """Some deliveries before the harm, many under it, some after it is over."""
    line = Line(name, {}, is_control=kind == "hasty")
    with timed(line), disk_of(folder) as disk:
        Shop(disk).link("VASE22")
        with edge(disk, kind) as address:
            before, kept = asyncio.run(deliver(address, 0, 20))
            mend = harm(disk)
            under, more = asyncio.run(deliver(address, 1000, 80))
            led = kind == "hasty" or _leads_on(address)
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
            line.broken += ["links do not lead on"] * (not led)
            line.broken += ["never refused"] * (503 not in under) + ["not back"] * (set(after) != {200})
    return line


def _takes(address: str) -> bool:
    raw = event(1)
    answer = httpx.post(
        address + HOOK, content=raw, headers=signed(raw, "again"), timeout=30, trust_env=False
    )
    return answer.status_code == 200


def _leads_on(address: str) -> bool:
    answers = [httpx.get(f"{address}/l/VASE22", timeout=30, trust_env=False) for _ in range(5)]
    return {answer.status_code for answer in answers} == {302}


def _stored(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in database.execute("SELECT delivery_id FROM delivery")}


def run(options: Options) -> list[Line]:
    """Full and read-only so many times, and the control of each once."""
    if os.getuid() != 0:
        return [skipped("a disk that is full, or turns read-only", "only root may mount a small file system")]
    can = can_fail()
    lines = [] if can else [skipped(READ_ONLY, CANNOT_FAIL)]
    for number in range(max(1, options.rounds)):
        folder = options.folder / f"disk-{number}"
        lines.append(strike(folder, "edge", small_disk, fill, FULL))
        if can:
            folder = options.folder / f"failing-{number}"
            lines.append(strike(folder, "edge", failing_disk, fail, READ_ONLY))
    control = "control: yes first, written afterwards"
    lines.append(strike(options.folder / "hasty", "hasty", small_disk, fill, control))
    if can:
        folder = options.folder / "hasty-failing"
        lines.append(strike(folder, "hasty", failing_disk, fail, f"{control}, read-only"))
    return lines
