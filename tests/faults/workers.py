"""Real worker processes, forked from this warm one: started in milliseconds, ended by the kernel."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections

from tests.ending import with_parent

Work = Callable[[], None]
MOST_WORDS = 30_000  # bytes; nobody reads the pipe before the end


@dataclass
class Slot:
    """One running worker and the moment at which something happens to it."""

    pid: int
    until: float


class Crashed(Exception):
    """A worker ended neither by SIGKILL nor by coming to its end: what it said, and how it ended."""


_words: dict[int, int] = {}  # the pipe on which each running worker says why it cannot go on


def start(work: Work) -> int:
    """Fork a process that does `work`; its id. What it prints about an end of its own is kept until it is gone."""
    connections.close_all()  # no connection may live in two processes
    sys.stdout.flush()
    hears, says = os.pipe()
    pid = os.fork()
    if pid:
        os.close(says)
        os.read(hears, 1)  # its life is counted from here, so that it is not over before it began
        os.set_blocking(hears, False)
        _words[pid] = hears
        return pid
    status = 1
    try:
        with_parent()
        connections["default"].ensure_connection()
        os.write(says, b"\n")
        work()
        status = 0
    except BaseException:
        os.write(says, traceback.format_exc().encode()[-MOST_WORDS:])
    finally:
        os._exit(status)


def end(*pids: int) -> None:
    """Kill -9, and wait until they are gone. Raises Crashed for one that had ended badly before."""
    left = [pid for pid in pids if pid in _words]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    ends = [(pid, os.waitpid(pid, 0)[1]) for pid in left]
    for pid, status in ends:
        _judge(pid, status)


def is_gone(pid: int) -> bool:
    """Whether it was killed or came to its end; it is then waited for. Raises Crashed when it ended otherwise."""
    gone, status = os.waitpid(pid, os.WNOHANG)
    if gone:
        _judge(pid, status)
    return bool(gone)


def is_stopped(pid: int) -> bool:
    """Whether it has stopped since the last look. Raises Crashed when it ended instead."""
    changed, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
    if changed and not os.WIFSTOPPED(status):
        _judge(pid, status)
        raise Crashed(f"worker {pid} ended before it stopped")
    return bool(changed)


def wait(pid: int) -> None:
    """Wait until it has come to its end, as it was asked to. Raises Crashed when it ended otherwise."""
    _judge(pid, os.waitpid(pid, 0)[1])


def stop(*pids: int) -> None:
    """Ask them to end, and wait until they have. Raises Crashed for one that ended otherwise."""
    left = [pid for pid in pids if pid in _words]
    for pid in left:
        os.kill(pid, signal.SIGTERM)
    for pid in left:
        wait(pid)


def _judge(pid: int, status: int) -> None:
    """Let go of a worker that is gone."""
    pipe = _words.pop(pid)
    with contextlib.suppress(BlockingIOError), os.fdopen(pipe, "rb", buffering=0) as words:
        said = words.read() or b""
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, -signal.SIGKILL):
        raise Crashed(f"worker {pid} ended by itself, with status {code}:\n{said.decode(errors='replace')}")


def kill_many(number: int, beside: int, begin: Callable[[], tuple[Work, float]]) -> int:
    """Keep `beside` workers running until `number` were killed; how many began.

    `begin` gives the next worker's work and how many seconds it may live; one that kills itself sooner counts too.
    Raises Crashed when one ended in another way.
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
                slots.remove(slot)
                end(slot.pid)
                ended += 1
    end(*(slot.pid for slot in slots))
    return begun


def let_finish(
    beside: int, work: Work, is_done: Callable[[], bool], seconds: float, *, orderly: bool = False
) -> bool:
    """Let unharmed workers work until `is_done`, at most so many seconds; False when they were not done.

    One that was killed by its own work is started again. `orderly`: in the end they are asked to end, not killed.
    Raises Crashed when one ended in another way.
    """
    pids = [start(work) for _ in range(beside)]
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if is_done():
                return True
            time.sleep(0.05)
            pids = [start(work) if is_gone(pid) else pid for pid in pids]
        return is_done()
    finally:
        (stop if orderly else end)(*pids)
