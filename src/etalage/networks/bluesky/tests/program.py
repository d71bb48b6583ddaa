"""A small program behind HTTP that answers as it is told: for what the real network cannot be made to say."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit


@dataclass(frozen=True)
class Told:
    """One answer: JSON, or a raw body; `length` is what the head claims, `wait` in seconds before it comes."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    length: int | None = None
    wait: float = 0.0
    hang_up: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    name: str
    params: dict[str, list[str]]
    token: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    def json(self) -> Any:
        return json.loads(self.body)


class Program(ThreadingHTTPServer):
    """Answers the methods by name; each gives its answers in turn, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.answers: dict[str, deque[Told]] = {}
        self.asked: list[Asked] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def tell(self, name: str, *answers: Told) -> None:
        """What to answer to `name` ("getRecord") from now on."""
        self.answers[name] = deque(answers)

    def fail(self, name: str, status: int, error: str, **headers: str) -> None:
        """Answer `name` with an error of the network's own shape."""
        self.tell(name, Told({"error": error, "message": "Words that nobody decides by"}, status, headers))

    def count(self, name: str) -> int:
        """How often `name` was called."""
        return sum(1 for asked in self.asked if asked.name == name)


class _Request(BaseHTTPRequestHandler):
    server: Program

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name = parts.path.rpartition(".")[2]
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(Asked(name, parse_qs(parts.query), token, body, headers))
        turn = self.server.answers.get(name) or deque([Told({"error": "MethodNotImplemented"}, 501)])
        self._answer(turn.popleft() if len(turn) > 1 else turn[0])

    do_POST = do_GET

    def _answer(self, told: Told) -> None:
        time.sleep(told.wait)
        if told.hang_up:
            return
        body = json.dumps(told.body).encode() if told.raw is None else told.raw
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body) if told.length is None else told.length))
        with suppress(BrokenPipeError, ConnectionResetError):  # who waited has gone
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@contextmanager
def running() -> Iterator[Program]:
    """A program for the length of a `with` block."""
    with Program() as program:
        thread = Thread(target=program.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield program
        finally:
            program.shutdown()
            thread.join()
