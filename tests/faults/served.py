"""The real program, served by a process that can be killed: forked from this warm one, on a socket that stays.

The socket is kept open here, as systemd keeps it: while nobody serves, whoever connects waits. So many kills fit into
a minute. `cold` starts the command itself, `etalage serve`, as after a crash of the machine.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from django.test import Client

from etalage.asgi import build_application
from etalage.cli import serve as serve_command
from etalage.cli.listening import FIRST_HANDED
from etalage.edge.listener import bind
from etalage.jobs import worker
from tests.faults import workers
from tests.faults.crowd import Crowd

Part = Literal["edge", "web"] | None
COLD_EVERY = 20  # kills; of the command itself, in the long form
COLD_TIMES = 30  # as long as a fork does it take to start
EARLY = 0.2  # of the kills come while it starts
MOMENT_S = 0.06
MOST_S = 10.0  # a life in which nothing is answered
THREADS = 2
ORDERLY_S = 30.0


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A listening socket of this process, on a free port."""
    with bind("127.0.0.1", 0) as listener:
        yield listener


def warm(*paths: str) -> None:
    """Load what a first request would load, so that each child has it: pages, their parts, the server's own."""
    uvicorn.Config(build_application(), log_config=None).load()
    assert worker
    client = Client(SERVER_NAME="localhost")
    for path in paths:
        assert client.get(path).status_code in (200, 302), path


def serving(listener: socket.socket, part: Part, tamper: Callable[[], None] | None = None) -> workers.Work:
    """The work of a process that serves; `tamper` first changes it into somebody's naive program."""

    def work() -> None:
        if tamper:
            tamper()
        serve_command.serve(listener.dup(), part, THREADS)

    return work


def commanded(listener: socket.socket, part: Part) -> workers.Work:
    """The command itself instead of a fork of this process; it is handed the socket."""

    def work() -> None:
        os.dup2(listener.fileno(), FIRST_HANDED)
        os.set_inheritable(FIRST_HANDED, True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what it says is for people
        told = {**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
        words = ["serve", *([part] if part else [])]
        os.execve(sys.executable, [sys.executable, "-W", "ignore", "-m", "etalage", *words], told)

    return work


def kill_often(
    rounds: int,
    chance: random.Random,
    crowd: Crowd,
    most: int,
    work: Callable[[int], tuple[workers.Work, bool]],
) -> int:
    """Start what `work` gives for each round (and whether it starts cold) and kill it; how many ended by themselves.

    A fifth dies while it starts, the others in the midst of answering: after up to `most` answers and a moment more.
    """
    ended = 0
    for number in range(rounds):
        assert not crowd.is_gone()
        what, is_cold = work(number)
        early, answers = chance.random() < EARLY, chance.randrange(most)
        moment = chance.uniform(0, MOMENT_S * (COLD_TIMES if is_cold and early else 1))
        goal = crowd.answers() + (0 if early else answers)
        pid = workers.start(what)
        until = time.monotonic() + MOST_S
        while crowd.answers() < goal and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(moment)
        if workers.is_gone(pid):
            ended += 1
        else:
            workers.end(pid)
    return ended


@contextmanager
def unharmed(work: workers.Work) -> Iterator[None]:
    """One more process that lives for the length of the block, then ends in order."""
    pid = workers.start(work)
    try:
        yield
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + ORDERLY_S
        while time.monotonic() < until:
            if workers.is_gone(pid):
                pid = 0
                return
            time.sleep(0.01)
        raise AssertionError("it did not end when it was told to")
    finally:
        if pid:
            workers.end(pid)
