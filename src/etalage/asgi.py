"""The ASGI application: the edge answers its own paths, Django the rest; each can also stand alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "etalage.settings")

from django.conf import settings
from django.core import signals
from django.core.asgi import get_asgi_application
from django.db import connections

from etalage.edge.app import EdgeApp, edge_app
from etalage.edge.config import EdgeConfig
from etalage.edge.link_sources import links_in
from etalage.edge.store import StoreUnavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def build_application(*, web: bool = True, edge: bool = True) -> Application:
    """The application of this process: pages, edge, or both. Without pages, only the edge's paths are known."""
    django_pages: Any = get_asgi_application()
    from etalage.channels.hooks import HookVerifier  # noqa: PLC0415 - after Django is set up
    from etalage.customers.visitor_token import visitor_key  # noqa: PLC0415
    from etalage.web.bodies import LimitedBodies  # noqa: PLC0415

    signals.request_finished.connect(_let_go, dispatch_uid="etalage.asgi")
    pages = LimitedBodies(django_pages)
    if not edge:
        return Dispatcher(pages, None)
    verifier = HookVerifier()
    config = EdgeConfig(
        data_folder=settings.DATA,
        links=links_in(settings.DATABASES["default"]),
        verifier=verifier,
        visitor_key=visitor_key(settings.SECRET_KEY),
    )
    return Dispatcher(pages if web else None, edge_app(config), verifier.close)


def _let_go(**_signal: object) -> None:
    """Close the request's connection: the thread of a request ends with it.

    Without this, connections stay open until the memory is tidied: files and caches pile up meanwhile.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


class Dispatcher:
    """Starts and stops the edge with the server, and hands each request to whom it belongs."""

    def __init__(
        self, pages: Any | None, edge: EdgeApp | None, close: Callable[[], None] | None = None
    ) -> None:
        self._pages = pages
        self._edge = edge
        self._close = close  # what was opened for the edge's sake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._edge and (self._pages is None or self._edge.owns(scope["path"])):
            await self._edge(scope, receive, send)
        elif self._pages:
            await self._pages(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._edge:
            try:
                await self._edge.start()
            except StoreUnavailable as error:  # said here, or the server would go on with a dead edge
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._edge:
            await self._edge.stop()
        if self._close:
            await asyncio.to_thread(self._close)
        await send({"type": "lifespan.shutdown.complete"})
