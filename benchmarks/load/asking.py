"""Somebody who asks a server without a pause over many connections, in few processor microseconds of their own."""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

HEAD_END = b"\r\n\r\n"
PATIENCE_S = 60.0


@dataclass
class Answers:
    """What came back: statuses with their number, and the seconds that each answer took."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Answers that came."""
        return len(self.waits)

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return self.count / self.seconds

    def wait_at(self, share: float) -> float:
        """The seconds within which this share of the answers came; 0.5 is the median."""
        return sorted(self.waits)[min(self.count - 1, int(share * self.count))]

    def only(self, *expected: int) -> Answers:
        """The same. Raises RuntimeError when there is another status than these."""
        if other := {status: count for status, count in self.statuses.items() if status not in expected}:
            raise RuntimeError(f"expected only {expected}, and there came {other}")
        return self


class _Asker:
    """One connection; with `addresses`, a new one for each request, from the next of these."""

    def __init__(self, port: int, addresses: Iterator[str] | None) -> None:
        self._port, self._addresses = port, addresses
        self.socket = self._connect()
        self._began, self._got = 0.0, b""

    def _connect(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if self._addresses is not None:
            made.bind((next(self._addresses), 0))
        made.settimeout(PATIENCE_S)
        made.connect(("127.0.0.1", self._port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, request: bytes) -> None:
        self._began, self._got = time.perf_counter(), b""
        self.socket.sendall(request)

    def receive(self, answers: Answers) -> bool:
        """Read what is there; True once the answer is whole, and noted."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise RuntimeError(f"the server hung up in the middle of an answer: {self._got[:300]!r}")
        self._got += piece
        if not is_whole(self._got):
            return False
        answers.waits.append(time.perf_counter() - self._began)
        answers.statuses[int(self._got[9:12])] += 1
        return True

    def renew(self) -> None:
        self.socket.close()
        self.socket = self._connect()


def is_whole(got: bytes) -> bool:
    """Whether this is a whole answer: as long as its head says, or ended by an empty chunk."""
    end = got.find(HEAD_END)
    if end < 0:
        return False
    head = got[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        return len(got) - end - len(HEAD_END) >= int(head[at + 17 :].split(b"\r\n", 1)[0])
    return b"\r\ntransfer-encoding: chunked" not in head or got.endswith(b"0\r\n\r\n")


def ask(
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float = float("inf"),
    addresses: Iterator[str] | None = None,
    until: Callable[[], bool] = lambda: False,
) -> Answers:
    """Send the requests over so many connections, each the next one as soon as its answer has come.

    Ends after `seconds`, at the end of `requests`, or once `until` holds; what is under way is still waited for.
    Raises RuntimeError when the server hangs up or stays silent for a minute.
    """
    answers, pool = Answers(), selectors.DefaultSelector()
    askers = [_Asker(port, addresses) for _ in range(connections)]
    began = time.perf_counter()
    for asker, request in zip(askers, islice(requests, connections), strict=False):
        asker.send(request)
        pool.register(asker.socket, selectors.EVENT_READ, asker)
    while pool.get_map():
        ready = pool.select(PATIENCE_S)
        if not ready:
            raise RuntimeError("the server is silent")
        for key, _ in ready:
            asker: _Asker = key.data
            if not asker.receive(answers):
                continue
            over = time.perf_counter() - began >= seconds or until()
            request = None if over else next(requests, None)
            if request is None:
                pool.unregister(asker.socket)
                continue
            if addresses is not None:
                pool.unregister(asker.socket)
                asker.renew()
                pool.register(asker.socket, selectors.EVENT_READ, asker)
            asker.send(request)
    answers.seconds = time.perf_counter() - began
    for asker in askers:
        asker.socket.close()
    return answers


def get(path: str, **headers: str) -> bytes:
    """A request for a page, as a phone sends it."""
    return _request("GET", path, b"", headers)


def post(path: str, body: bytes, **headers: str) -> bytes:
    """A request that brings something."""
    return _request("POST", path, body, headers)


def _request(method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "host: localhost",
        "user-agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_5)",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
