"""The edge alone in a process, under uvicorn."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from etalage.edge.app import EdgeApp, edge_app
from etalage.edge.config import EdgeConfig

BACKLOG = 2048
GRACE_S = 10


class AddressTaken(Exception):
    """Another program answers on this address and port."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Never shared: two programs on one port mix their answers.

    Raises `AddressTaken`, or OSError for an address that is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off; without it, each kept connection waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressTaken(f"{host}:{port}") from error
        raise
    return listener


def settings(edge: EdgeApp) -> uvicorn.Config:
    """How uvicorn serves the edge; whoever calls starts and stops the edge around it."""
    return uvicorn.Config(
        edge,
        lifespan="off",
        ws="none",
        access_log=False,  # it would keep the addresses of people and the keys of hooks
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
    )


async def serve(config: EdgeConfig, listeners: Sequence[socket.socket]) -> None:
    """Answer on these sockets until SIGINT or SIGTERM; requests under way are finished first, then all is written."""
    edge = edge_app(config)
    await edge.start()
    try:
        with _signal_only_stops_the_server():
            await uvicorn.Server(settings(edge)).serve(sockets=list(listeners))
    finally:
        await edge.stop()


@contextmanager
def _signal_only_stops_the_server() -> Iterator[None]:
    """uvicorn raises the signal again after its own end, which would take the process before the edge has written."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are somebody else's
        return
    before = {number: signal.signal(number, _nothing) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(*_signal: object) -> None:
    """Takes a signal that was already obeyed."""


def run(config: EdgeConfig, host: str, port: int) -> None:
    """Serve the edge alone. Raises `AddressTaken` before anything is opened."""
    listener = bind(host, port)
    with listener:
        asyncio.run(serve(config, [listener]))
