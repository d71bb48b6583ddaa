"""Ports: refuse one that answers already, before anything is started."""

from __future__ import annotations

import argparse
import socket

LAST_PORT = 65535


def port_number(text: str) -> int:
    """Read a port from the command line; argparse shows the sentence of what is none."""
    if not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port. Use a number from 1 to {LAST_PORT}.")
    return int(text)


def port_taken(port: int) -> str:
    """The sentence for a port in use."""
    return f"Port {port} is in use by another program. Choose another one: --port {port + 1}"


def is_free(host: str, port: int) -> bool:
    """True when nothing listens there and we may. Asking first matters: some servers share a port silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((reachable, port)) == 0:
            return False
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


def is_ours(host: str) -> bool:
    """Whether `host` is an address of this machine, on which it can listen."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
        with socket.socket(found[0][0], socket.SOCK_STREAM) as trial:
            trial.bind(found[0][4])
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
