"""Real servers on this machine that do exactly what a test tells them, right and wrong."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Talk = Callable[[socket.socket], None]


@dataclass
class Server:
    """What a server saw: how often it was called, and with what bytes."""

    port: int = 0
    calls: int = 0
    requests: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"


@contextmanager
def serving(
    talk: Callable[[socket.socket, Server], None], tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Serve on a free port; `talk` holds each connection, which is closed after it."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(port=listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def hold(connection: socket.socket) -> None:
        # The client may hang up at any time: that is what these tests are about.
        with suppress(OSError), connection:
            talking = tls.wrap_socket(connection, server_side=True) if tls else connection
            with talking:
                talk(talking, server)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(5)
            server.calls += 1
            thread = threading.Thread(target=hold, args=(connection,))
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(10)


def read_request(connection: socket.socket, server: Server) -> bytes:
    """Read one whole request and note it."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        body += _some(connection)
    request = head + b"\r\n\r\n" + body
    server.requests.append(request)
    return request


def answering(answer: bytes) -> Callable[[socket.socket, Server], None]:
    """Read the request, then say `answer` and hang up."""

    def talk(connection: socket.socket, server: Server) -> None:
        read_request(connection, server)
        connection.sendall(answer)

    return talk


def answering_at_once(answer: bytes) -> Callable[[socket.socket, Server], None]:
    """Say `answer` before anything was asked."""
    return lambda connection, _: connection.sendall(answer)


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Hang up so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def wait_until_hung_up(connection: socket.socket) -> None:
    """Say nothing until the other side has gone."""
    while connection.recv(65536):
        pass


def _some(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionError("The client hung up.")
    return received
