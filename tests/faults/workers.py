"""Real worker processes, forked from this warm one: started in milliseconds, ended by the kernel."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections

from tests.ending import with_parent

Work = Callable[[], None]


@dataclass
class Slot:
    """One running worker and the moment at which something happens to it."""

    pid: int
    until: float


def start(work: Work) -> int:
    """Fork a process that does `work` for ever; its id. What it would print about its own end goes nowhere."""
    connections.close_all()  # no connection may live in two processes
    sys.stdout.flush()
    ready, says_ready = os.pipe()
    pid = os.fork()
    if pid:
        os.close(says_ready)
        os.read(ready, 1)  # its life is counted from here, so that it is not over before it began
        os.close(ready)
        return pid
    try:
        with_parent()
        connections["default"].ensure_connection()
        os.close(says_ready)
        work()
    finally:
        os._exit(1)


def end(pid: int) -> None:
    """Kill -9, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def is_gone(pid: int) -> bool:
    """Whether the process has ended by itself; it is then waited for."""
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def kill_many(number: int, beside: int, begin: Callable[[], tuple[Work, float]]) -> int:
    """Keep `beside` workers running until `number` were killed; how many began.

    `begin` gives the next worker's work and how many seconds it may live; one that ends itself sooner counts too.
    """
    slots: list[Slot] = []
    begun = ended = 0
    while ended < number:
        while len(slots) < beside:
            work, life = begin()
            slots.append(Slot(start(work), time.monotonic() + life))
            begun += 1
        time.sleep(0.001)
        for slot in list(slots):
            if is_gone(slot.pid):
                slots.remove(slot)
                ended += 1
            elif time.monotonic() >= slot.until:
                end(slot.pid)
                slots.remove(slot)
                ended += 1
    for slot in slots:
        end(slot.pid)
    return begun


def let_finish(beside: int, work: Work, is_done: Callable[[], bool], seconds: float) -> bool:
    """Let unharmed workers work until `is_done`, at most so many seconds; False when they were not done."""
    pids = [start(work) for _ in range(beside)]
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if is_done():
                return True
            time.sleep(0.05)
        return is_done()
    finally:
        for pid in pids:
            end(pid)
