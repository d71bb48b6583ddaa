"""The edge without the pages, in a process of its own."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from etalage.edge.app import EdgeApp, edge_app
from etalage.edge.config import EdgeConfig

GRACE_S = 10


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
    before = {number: signal.signal(number, _nothing) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(*_signal: object) -> None:
    """Takes a signal that was already obeyed."""
