"""Programs that serve on one listening socket: the product itself, nothing at all, a plain Django view.

The last two run under the product's own server with its settings: only the application is another.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.load.asking import ask, get
from benchmarks.load.watching import cpu_seconds

Kind = Literal["product", "null", "plain"]
HERE = Path(__file__).resolve().parents[2]
HANDED = 3  # where a program looks for a socket that it is handed
WARM_UP_S = 2.0
ENDS_WITHIN_S = 90.0


def environment(folder: Path) -> dict[str, str]:
    """What a program in this data folder is told, and nothing from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ETALAGE_")}
    kept.pop("DATABASE_URL", None)
    return kept | {
        "ETALAGE_DATA": str(folder),
        "ETALAGE_SECRET_KEY": "only-for-a-benchmark" + "x" * 40,
        "ETALAGE_SECRET_KEYS": "only-for-a-benchmark" + "y" * 40,
        "ETALAGE_LOG": "ERROR",
        "DJANGO_SETTINGS_MODULE": "etalage.settings",
        "PYTHONUNBUFFERED": "1",
    }


@dataclass(frozen=True)
class Served:
    """Programs that serve on one port."""

    port: int
    pids: tuple[int, ...]

    def cpu(self) -> float:
        """Processor seconds of all of them so far."""
        return cpu_seconds(self.pids)


@contextmanager
def served(
    folder: Path,
    part: str,
    *,
    kind: Kind = "product",
    processes: int = 1,
    warm: bytes = b"",
    witness: Path | None = None,
) -> Iterator[Served]:
    """So many programs on a free port until the end, warmed up with `warm`. `part` "all" is the whole shop.

    In `witness` the product writes what lives in its memory (`living.read`).
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    port = listener.getsockname()[1]
    words = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "benchmarks.load.program",
        kind,
        part,
        str(listener.fileno()),
        *([str(witness)] if witness else []),
    ]
    started = [
        subprocess.Popen(
            words,
            cwd=HERE,
            env=environment(folder),
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        for _ in range(processes)
    ]
    try:
        for program in started:
            assert program.stdout is not None
            if not program.stdout.readline():  # said when it begins to listen, or never
                raise RuntimeError(f"{kind} {part} did not start; its error is above")
        first = warm or get("/edge/health" if part != "web" else "/en/shop/")
        ask(port, iter([first] * processes), connections=processes)
        time.sleep(0.5 * processes)  # the others begin a moment after the first
        ask(port, iter(lambda: first, None), connections=8 * processes, seconds=WARM_UP_S)
        yield Served(port, tuple(program.pid for program in started))
    finally:
        listener.close()
        _end(started)


@contextmanager
def worker(folder: Path) -> Iterator[int]:
    """One worker of this shop until the end; its process id."""
    words = [sys.executable, "-W", "ignore", "-m", "etalage", "serve", "worker"]
    pipe = subprocess.PIPE
    program = subprocess.Popen(
        words, cwd=HERE, env=environment(folder), stdin=subprocess.DEVNULL, stdout=pipe
    )
    try:
        assert program.stdout is not None
        if not program.stdout.readline():
            raise RuntimeError("the worker did not start; its error is above")
        yield program.pid
    finally:
        _end([program])


def _end(programs: list[subprocess.Popen[bytes]]) -> None:
    """Ask all of them to end, and wait until they have."""
    for program in programs:
        program.send_signal(signal.SIGTERM)
    for program in programs:
        try:
            program.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        if program.stdout:
            program.stdout.close()
