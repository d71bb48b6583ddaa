"""What is sent and cannot be taken: bodies without end, which are read past without keeping them, and NULs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from etalage.web import errors

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MARK = "etalage.body_too_large"
IMPORTS = "/import/"


def limit_for(path: str) -> int:
    """The largest body, in bytes, that an address takes."""
    return int(settings.MAX_IMPORT_BODY_BYTES if path.startswith(IMPORTS) else settings.MAX_BODY_BYTES)


class LimitedBodies:
    """Wraps the pages: a body beyond the limit arrives there empty and marked.

    A server that closed the connection instead would show the sender a broken connection, not a sentence.
    """

    def __init__(self, pages: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one request on, without its body when that is announced as too large, or cut off where it is."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        limit = limit_for(scope["path"])
        if _announced(scope) > limit:
            await _read_past(receive)
            await self._pages({**scope, MARK: True}, _nothing(receive), send)
            return
        await self._pages(scope, _counted(receive, limit), send)


class BodyLimitMiddleware(MiddlewareMixin):
    """Answers a marked request with 413 before any view sees it."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        scope: Scope = getattr(request, "scope", {})
        return errors.answer(request, errors.TOO_LARGE) if scope.get(MARK) else None


class NulMiddleware(MiddlewareMixin):
    """Answers 400 where an address or a form holds a NUL: nobody types one, and PostgreSQL cannot even look for it."""

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        texts = [request.path_info]
        for given in (request.GET, request.POST):
            for name, values in given.lists():
                texts += [name, *(str(value) for value in values)]
        return errors.answer(request, errors.BAD_REQUEST) if any("\0" in text for text in texts) else None


def _announced(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


async def _read_past(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            return


def _nothing(receive: Receive) -> Receive:
    """An empty body; afterwards whatever the server has to say, such as that the sender went away."""
    said = False

    async def next_message() -> Message:
        nonlocal said
        if said:
            return await receive()
        said = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return next_message


def _counted(receive: Receive, limit: int) -> Receive:
    """A body of unknown length is cut off at the limit, as if its sender had gone away."""
    seen = 0

    async def next_message() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return message if seen <= limit else {"type": "http.disconnect"}

    return next_message
