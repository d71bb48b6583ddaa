"""A restart drops no request: the listening socket outlives the program. A plain restart, beside it, does drop some."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from etalage.cli.ports import free_port
from etalage.edge.listener import bind
from etalage.keeping.running import programs
from tests.cli.conftest import SECONDS, Shop, link_in
from tests.cli.test_serve import first_line, status_of, stopped, what_follows

CLIENTS = 6
#: What the clients ask for, and the status of a whole answer: a link, a page, a delivery that somebody made up.
BODY = b"x" * 20_000
ASKED = [("GET", "/l/NOBODY", 302), ("GET", "/account/login/", 200), ("POST", "/hooks/practice/nobody", 404)]


class Callers:
    """Clients that ask without a pause, half of them over connections that stay open; every failure is counted."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.seen: Counter[str] = Counter()
        self.longest = 0.0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]

    @contextmanager
    def calling(self) -> Iterator[Callers]:
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def answered(self, more: int) -> None:
        """Wait until that many more were answered."""
        deadline, goal = time.monotonic() + SECONDS, self.seen["answered"] + more
        while self.seen["answered"] < goal:
            assert time.monotonic() < deadline, self.seen
            time.sleep(0.02)

    def _ask(self, number: int) -> None:
        limits = httpx.Limits(max_keepalive_connections=4 if number % 2 else 0)
        with httpx.Client(base_url=self.address, limits=limits, timeout=60, trust_env=False) as client:
            while not self._stop.is_set():
                begun = time.monotonic()
                try:
                    method, path, whole = ASKED[number % len(ASKED)]
                    status = client.request(
                        method, path, content=BODY if method == "POST" else None
                    ).status_code
                    seen = "answered" if status == whole else str(status)
                except httpx.HTTPError as error:
                    seen = type(error).__name__
                    time.sleep(0.02)
                self.seen[seen] += 1
                self.longest = max(self.longest, time.monotonic() - begun)


def started_on(shop: Shop, listener: socket.socket) -> subprocess.Popen[str]:
    """`etalage serve` as systemd starts it for a socket: the socket is number 3, LISTEN_PID is its own number."""
    script = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3, inheritable=True); "
        "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); "
        "os.execv(sys.executable, [sys.executable, '-m', 'etalage', 'serve'])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(listener.fileno())],
        env=shop.environment,
        pass_fds=[listener.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    shop.running.append(process)
    return process


def test_sighup_begins_anew_and_nobody_is_turned_away(ready: Shop) -> None:
    port = free_port()
    process = ready.start("serve", "--port", str(port))
    first_line(process)
    address = f"http://127.0.0.1:{port}"
    status_of(f"{address}/account/login/", process)
    with Callers(address).calling() as callers:
        for _again in range(2):
            callers.answered(50)
            before = Path(f"/proc/{process.pid}/stat").read_text().split()[21]
            process.send_signal(signal.SIGHUP)
            said = first_line(process)
            assert "listens" in said, said + what_follows(process)
            callers.answered(50)
        assert Path(f"/proc/{process.pid}/stat").read_text().split()[21] == before, "the same process"
    assert set(callers.seen) == {"answered"}, callers.seen
    assert callers.longest < 30
    print(f"requests {callers.seen.total()}, longest wait {callers.longest:.2f} s")
    assert stopped(process) == 0


@pytest.mark.parametrize("part", [None, "worker"])
@pytest.mark.parametrize("last", [signal.SIGTERM, signal.SIGINT])
def test_who_asks_for_the_end_after_asking_to_begin_anew_gets_the_end(
    ready: Shop, part: str | None, last: signal.Signals
) -> None:
    words = ["serve", *([part] if part == "worker" else ["--port", str(free_port())])]
    process = ready.start(*words)
    first_line(process)
    process.send_signal(signal.SIGHUP)
    process.send_signal(last)
    assert process.wait(timeout=SECONDS) in {0, -last}  # it may come while the next one is not yet there
    assert programs(ready.folder) == []


IN_THE_WAY = """
import os, signal, sys
from etalage.cli.serve import Ending

ending = Ending()
ending.listen()
with ending.stop._cond:  # as in the midst of a look at it
    for name in sys.argv[1:]:
        os.kill(os.getpid(), getattr(signal, name))
print(ending.stop.wait(10), ending.begins_anew)
"""


@pytest.mark.parametrize(
    ("signals", "begins_anew"), [(["SIGTERM"], False), (["SIGHUP"], True), (["SIGHUP", "SIGINT"], False)]
)
def test_a_signal_is_heard_also_while_the_program_looks_whether_one_came(
    signals: list[str], begins_anew: bool
) -> None:
    """Its handler runs in the thread that holds the lock of the event just then."""
    command = [sys.executable, "-c", IN_THE_WAY, *signals]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert done.stdout == f"True {begins_anew}\n"


def test_a_terminal_that_closes_means_the_end(ready: Shop) -> None:
    """A program with nobody before it would go on, for ever, after its window was closed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "etalage", "serve", "worker"],
        env=ready.environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # the terminal is theirs
    )
    ready.running.append(process)
    os.close(theirs)
    first_line(process)
    os.close(ours)
    assert process.wait(timeout=SECONDS) == 0
    assert process.stdout and process.stdout.read() == "", "and it did not begin anew"


def test_a_supervisor_that_keeps_the_socket_restarts_without_a_loss(ready: Shop) -> None:
    with bind("127.0.0.1", 0) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = started_on(ready, listener)
        status_of(f"{address}/account/login/", process)
        with Callers(address).calling() as callers:
            callers.answered(50)
            assert stopped(process) == 0
            assert programs(ready.folder) == []
            process = started_on(ready, listener)
            callers.answered(50)
            assert [program.part for program in programs(ready.folder)] == ["all"]
        assert set(callers.seen) == {"answered"}, callers.seen
        assert stopped(process) == 0


def test_a_program_that_begins_lets_none_wait_that_serves_on_the_same_socket(ready: Shop) -> None:
    """`accept` waits or not for all that share a socket: one that waits answers nobody until another one calls."""
    with bind("127.0.0.1", 0) as listener:
        os.set_blocking(listener.fileno(), False)  # as the first of them has it
        process, waited = started_on(ready, listener), []
        watch, said = threading.Event(), threading.Event()

        def look() -> None:
            while not said.is_set():
                watch.set()
                if os.get_blocking(listener.fileno()):
                    waited.append(True)
                    return

        looking = threading.Thread(target=look)
        looking.start()
        watch.wait()
        status_of(f"http://127.0.0.1:{listener.getsockname()[1]}/account/login/", process)
        said.set()
        looking.join()
        assert not waited
        assert stopped(process) == 0


def test_the_control_a_plain_restart_turns_people_away(ready: Shop) -> None:
    port = free_port()
    words = ("serve", "--port", str(port))
    process = ready.start(*words)
    first_line(process)
    address = f"http://127.0.0.1:{port}"
    status_of(f"{address}/account/login/", process)
    with Callers(address).calling() as callers:
        callers.answered(50)
        assert stopped(process) == 0
        process = ready.start(*words)
        callers.answered(50)
    assert callers.seen.total() > callers.seen["answered"], (
        "these callers see it when somebody is turned away"
    )
    assert stopped(process) == 0


def test_a_socket_for_another_process_is_left_alone(ready: Shop) -> None:
    """Whoever inherits the variables by accident (sd_listen_fds(3)) opens a socket of its own."""
    done = ready.run(
        "manage", "shell", "-c",
        "from etalage.cli.listening import handed_socket; print('handed', handed_socket())",
        LISTEN_FDS="1", LISTEN_PID="1",
    )  # fmt: skip
    assert "handed None" in done.stdout, done.stderr


@pytest.mark.parametrize("part", ["web", "worker"])
def test_a_killed_program_is_not_taken_for_a_running_one(ready: Shop, part: str) -> None:
    process = ready.start("serve", part, *(["--port", str(free_port())] if part == "web" else []))
    first_line(process)
    assert [program.part for program in programs(ready.folder)] == [part]
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert programs(ready.folder) == []
    assert list((ready.folder / "running").iterdir()) == []


def test_an_open_event_stream_comes_to_its_end_in_order(shop: Shop) -> None:
    """It would never end by itself; cut off, its last chunk would be missing."""
    link = urlsplit(link_in(shop.init().stdout)).path
    port = free_port()
    process = shop.start("serve", "web", "--port", str(port))
    first_line(process)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as browser:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(link).text)
        assert token
        entered = browser.post(link, data={"csrfmiddlewaretoken": token[1]})
        assert entered.status_code == 302
        with browser.stream("GET", "/live/") as stream:
            lines = stream.iter_lines()
            assert (stream.status_code, next(lines)) == (200, ": hello")
            process.send_signal(signal.SIGTERM)
            assert all(line in {"", ": still here"} for line in lines), "and no error at the end"
    assert process.wait(timeout=SECONDS) == 0
