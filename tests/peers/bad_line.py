"""A line to a server that can be cut on the way there, or just when an answer is on its way: accepted, never heard."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit


class BadLine(socketserver.ThreadingTCPServer):
    """Hands every request on, but for as many for `word` as are `lost` on the way there.

    `cuts` holds what happens instead of the next answers to the others for `word`.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, origin: str, word: str) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        parts = urlsplit(origin)
        self.behind, self.word = (parts.hostname, parts.port), word.encode()
        self.name = parts.netloc.encode()
        self.lost = 0
        self.cuts: list[Callable[[], Any]] = []
        self.heard = 0  # requests for `word` that the server has answered

    @property
    def address(self) -> str:
        """Its own origin."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Call(socketserver.BaseRequestHandler):
    """One request over one connection, as our client speaks."""

    server: BadLine

    def handle(self) -> None:
        request = _addressed(_whole_request(self.request), self.server.name)
        is_meant = self.server.word in request.split(b"\r\n", 1)[0]
        if is_meant and self.server.lost:
            self.server.lost -= 1
            return
        with socket.create_connection(self.server.behind, 30) as behind:
            behind.sendall(request)
            answer = b"".join(iter(lambda: behind.recv(65536), b""))
        if is_meant:
            self.server.heard += 1
            if self.server.cuts:
                self.server.cuts.pop(0)()
                return
        self.request.sendall(answer)


def _whole_request(wire: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += wire.recv(65536)
    length = re.search(rb"\r\ncontent-length: *(\d+)", request, re.I)
    whole = request.index(b"\r\n\r\n") + 4 + int(length[1] if length else 0)
    while len(request) < whole:
        request += wire.recv(65536)
    return request


def _addressed(request: bytes, name: bytes) -> bytes:
    """The request as if it had come straight: some servers answer under their own name only."""
    return re.sub(rb"(?i)\r\nhost: [^\r]*", b"\r\nhost: " + name, request, count=1)


@contextmanager
def bad_line(origin: str, word: str) -> Iterator[BadLine]:
    """A line to `origin` for the length of a `with` block."""
    with BadLine(origin, word) as line:
        thread = threading.Thread(target=line.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield line
        finally:
            line.shutdown()
            thread.join()
