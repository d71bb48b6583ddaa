"""`python -m etalage.networks.practice.server`: run the practice network."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
from pathlib import Path

import uvicorn

from etalage.networks.practice.server.app import Application
from etalage.networks.practice.server.ledger import Ledger
from etalage.networks.practice.server.push import is_loopback
from etalage.networks.practice.server.wire import CuttableProtocol
from etalage.networks.practice.server.world import World


def options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m etalage.networks.practice.server",
        description="A practice network with simulated people. Nothing on it is real.",
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--folder", type=Path, required=True, help="where its ledger is kept")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same people")
    parser.add_argument(
        "--shop", default="", help="address of the shop on this machine that people may visit"
    )
    parser.add_argument("--pace", type=float, default=0.0, help="acts of people per minute; 0: they rest")
    chosen = parser.parse_args(arguments)
    if chosen.shop and not is_loopback(chosen.shop):
        parser.error("--shop must be an http address on this machine, such as http://127.0.0.1:8000")
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped. Prints its address on one line when it can be reached; returns 2 for a taken port."""
    chosen = options(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # With the protocol named, asyncio turns Nagle's algorithm off; without it, each kept connection waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", chosen.port))
    except OSError as error:
        sys.stderr.write(f"Port {chosen.port} is taken ({error.strerror}). Choose another one with --port.\n")
        return 2
    chosen.folder.mkdir(parents=True, exist_ok=True)
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    world = World(
        ledger=Ledger(chosen.folder / "practice.sqlite3"),
        base_url=base_url,
        shop=chosen.shop.rstrip("/"),
        pace=chosen.pace,
        seed=chosen.seed,
    )
    config = uvicorn.Config(
        Application(world), http=CuttableProtocol, ws="none", log_level="warning", timeout_graceful_shutdown=2
    )
    listener.listen(512)
    sys.stdout.write(f"{base_url}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
