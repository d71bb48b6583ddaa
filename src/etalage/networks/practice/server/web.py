"""The few pieces of HTTP that the practice network needs on top of ASGI: request, response, routes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_LIMIT = 12_000_000  # bytes; a picture of the largest size and a little more
SAFE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Problem(Exception):
    """An answer that refuses: a status, a code for programs, a sentence for people, further fields."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.extra = status, code, message, extra


class CutConnection(Exception):
    """The connection is to be torn down without an answer."""


class RawAnswer(Exception):
    """These pieces are to be written on the wire as they are, so many seconds apart; then the connection ends."""

    def __init__(self, pieces: list[bytes], gap: float) -> None:
        super().__init__(len(pieces))
        self.pieces, self.gap = pieces, gap


@dataclass
class Request:
    """One HTTP request with its body read; header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    cut: Callable[[], None] = field(repr=False, default=lambda: None)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raises `Problem` 415 or 400 when it is none."""
        if self.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Problem(415, "not_json", "Send application/json.")
        try:
            data = json.loads(self.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise Problem(400, "bad_json", "The body is not valid JSON.") from error
        if not isinstance(data, dict):
            raise Problem(400, "bad_json", "The body must be a JSON object.")
        return data


@dataclass
class Response:
    """Status, body and headers of an answer."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def answer(data: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(data, ensure_ascii=False).encode())


def refusal(problem: Problem) -> Response:
    """The JSON answer of a refusal: `{"error": {"code": …, "message": …, …}}`, with Retry-After where it has one."""
    response = answer(
        {"error": {"code": problem.code, "message": problem.message, **problem.extra}}, problem.status
    )
    if "retry_after" in problem.extra:
        response.headers["retry-after"] = str(problem.extra["retry_after"])
    return response


Handler = Callable[..., Awaitable[Response]]


class Router:
    """Routes by method and path pattern; `{name}` matches one path segment and is handed over as text."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def on(self, method: str, pattern: str) -> Callable[[Handler], Handler]:
        """Register a handler for `method` on `pattern`."""
        expression = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern) + r"\Z")

        def register(handler: Handler) -> Handler:
            self._routes.append((method, expression, handler))
            return handler

        return register

    async def dispatch(self, world: Any, request: Request) -> Response:
        """Call `handler(world, request, **parts)` of the first route that fits; `Problem` becomes its answer."""
        try:
            return await self._find(world, request)
        except Problem as problem:
            return refusal(problem)

    async def _find(self, world: Any, request: Request) -> Response:
        known_path = False
        method = "GET" if request.method == "HEAD" else request.method
        for wanted, expression, handler in self._routes:
            if match := expression.match(request.path):
                known_path = True
                if wanted == method:
                    return await handler(world, request, **match.groupdict())
        if known_path:
            raise Problem(405, "method_not_allowed", "This address does not take that method.")
        return no_such_thing()


def no_such_thing() -> NoReturn:
    """Refuse with 404."""
    raise Problem(404, "not_found", "There is nothing at this address.")


async def read_body(receive: Receive) -> bytes:
    """The whole body; raises `Problem` 413 past `BODY_LIMIT` and `CutConnection` when the sender leaves."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CutConnection
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            raise Problem(413, "too_large", "The body is too large.")
        if not message.get("more_body"):
            return b"".join(parts)


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Build the request out of ASGI's messages."""
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=await read_body(receive),
        cut=scope.get("etalage.cut", lambda: None),
    )


async def send_response(send: Send, response: Response, *, head: bool) -> None:
    """Write a response with the security headers that every page and answer carries."""
    content_type = response.media_type
    if content_type.startswith(("text/", "application/j")):
        content_type += "; charset=utf-8"
    headers = {
        **SAFE_HEADERS,
        "content-type": content_type,
        "content-length": str(len(response.body)),
        **response.headers,
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if head else response.body})


async def wait_until_gone(receive: Receive) -> None:
    """Return when the connection is closed, after it was cut."""
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)
