"""The edge in front of the pages, in one process."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from etalage.asgi import Dispatcher
from etalage.edge.app import edge_app
from tests.edge.world import Shop


async def life(dispatcher: Dispatcher) -> list[str]:
    """Start and stop as a server does; return what the application said."""
    said: list[str] = []
    asked = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> MutableMapping[str, Any]:
        return {"type": next(asked)}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    await dispatcher({"type": "lifespan"}, receive, send)
    return said


def test_the_edge_lives_as_long_as_the_server(shop: Shop) -> None:
    said = asyncio.run(life(Dispatcher(None, edge_app(shop.config()))))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (shop.folder / "journal.sqlite3").exists()


def test_an_edge_that_cannot_write_stops_the_start_instead_of_answering_nothing(shop: Shop) -> None:
    (shop.folder / "journal.sqlite3").mkdir()
    assert asyncio.run(life(Dispatcher(None, edge_app(shop.config())))) == ["lifespan.startup.failed"]
