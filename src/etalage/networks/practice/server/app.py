"""The practice network as one ASGI application."""

from __future__ import annotations

import asyncio
import logging
import traceback

from etalage.networks.practice.server import api, control, pages
from etalage.networks.practice.server.people import People
from etalage.networks.practice.server.web import (
    CutConnection,
    Problem,
    RawAnswer,
    Receive,
    Response,
    Router,
    Scope,
    Send,
    read_request,
    refusal,
    send_response,
    wait_until_gone,
)
from etalage.networks.practice.server.world import World

logger = logging.getLogger("practice")


class Application:
    """Answers requests; while it runs, people live on it and webhooks go out."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.router = Router()
        for room in (api, control, pages):
            room.add_routes(self.router)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._respond(scope, receive)
        except CutConnection:
            scope.get("etalage.cut", lambda: None)()
            await wait_until_gone(receive)
            return
        except RawAnswer as raw:
            await scope["etalage.write_raw"](raw.pieces, raw.gap)
            await wait_until_gone(receive)
            return
        await send_response(send, response, head=scope["method"] == "HEAD")

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        try:
            return await self.router.dispatch(self.world, await read_request(scope, receive))
        except Problem as problem:
            return refusal(problem)
        except (ValueError, TypeError, LookupError, ArithmeticError):
            logger.error("%s %s\n%s", scope["method"], scope["path"], traceback.format_exc())
            return refusal(Problem(500, "internal", "Something broke."))

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start people and webhooks with the server and stop them with it."""
        await receive()
        tasks = [
            asyncio.create_task(self.world.pusher.run()),
            asyncio.create_task(People(self.world).run()),
        ]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.world.ledger.close()
        await send({"type": "lifespan.shutdown.complete"})
