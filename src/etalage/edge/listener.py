"""The socket on which a server of ours listens."""

from __future__ import annotations

import errno
import socket

BACKLOG = 2048


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
