"""Whoever sends no whole request head in time is let go; whoever is only slow, or listens for long, is not."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from typing import Any

import pytest

from etalage.asgi import Receive, Send
from etalage.cli.serve import server_of
from etalage.cli.whole_heads import WholeHeads
from etalage.edge.listener import bind
from tests.edge.world import until

HEAD_S = 0.6
ASKED = b"GET /stream HTTP/1.1\r\nHost: shop\r\n\r\n"


async def streaming(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """`/stream` tells something four times in a while longer than a head may take; all else is answered at once."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    kind = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": kind})
    for number in range(4 if scope["path"] == "/stream" else 0):
        await asyncio.sleep(HEAD_S / 2)
        await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b"end", "more_body": False})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of the server as `etalage serve` has it, only more hasty."""
    monkeypatch.setattr(WholeHeads, "head_seconds", HEAD_S)
    server = server_of(streaming)
    with bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def heard(connection: socket.socket, ending: bytes) -> bytes:
    """What comes until this ending, or until the connection is closed."""
    connection.settimeout(30)
    came = b""
    while not came.endswith(ending) and (piece := connection.recv(4096)):
        came += piece
    return came


def seconds_until_closed(connection: socket.socket) -> float:
    began = time.monotonic()
    assert heard(connection, b"never") == b""
    return time.monotonic() - began


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nX:"])
def test_a_head_that_does_not_end_ends_the_connection(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        assert HEAD_S / 2 < seconds_until_closed(connection) < HEAD_S + 5


def test_bytes_that_go_on_coming_give_no_more_time(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < 20:
                connection.sendall(b"X: y\r\n")
                time.sleep(HEAD_S / 10)
        assert time.monotonic() - began < HEAD_S + 5


def test_the_head_of_a_later_request_is_bounded_too(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            assert heard(connection, b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        time.sleep(HEAD_S * 1.5)  # silence between two requests is not the head's
        connection.sendall(b"GET / HT")
        assert HEAD_S / 2 < seconds_until_closed(connection) < HEAD_S + 5


def test_a_head_that_comes_slowly_but_in_time_is_answered(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for piece in (b"GET / HT", b"TP/1.1\r\nHo", b"st: shop\r\n\r\n"):
            connection.sendall(piece)
            time.sleep(HEAD_S / 6)
        assert heard(connection, b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_a_body_and_a_stream_take_longer_than_a_head_may(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            ASKED.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\n")
        )
        began = time.monotonic()
        for piece in (b"b", b"o", b"d", b"y"):
            time.sleep(HEAD_S / 3)
            connection.sendall(piece)
        came = heard(connection, b"0\r\n\r\n")
        assert time.monotonic() - began > HEAD_S
        assert came.count(b"data: ") == 4 and b"end" in came
        connection.sendall(ASKED)
        assert heard(connection, b"0\r\n\r\n").count(b"data: ") == 4
