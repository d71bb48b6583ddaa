"""Answers ready to send: status, encoded headers and body, made once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

NO_STORE: Header = (b"cache-control", b"private, no-store")
NO_SNIFF: Header = (b"x-content-type-options", b"nosniff")
RETRY_AFTER: Header = (b"retry-after", b"10")  # seconds; networks wait longer anyway


class Answer:
    """One answer of the edge. Each send makes its own message and header list: a wrapper may change them."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", *headers: Header, kind: bytes = b"text/plain") -> None:
        self.status = status
        self.body = body
        typed = ((b"content-type", kind + b"; charset=utf-8"), NO_SNIFF) if body else ()
        self.headers = (*headers, *typed, (b"content-length", str(len(body)).encode()))

    async def send(self, send: Send, *, without_body: bool = False) -> None:
        """Send it; `without_body` for HEAD."""
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": b"" if without_body else self.body})


ACCEPTED = Answer(200, b"accepted\n", NO_STORE)
NOT_FOUND = Answer(404, b"not found\n", NO_STORE)
FORBIDDEN = Answer(403, b"signature refused\n", NO_STORE)
NOT_OF_NOW = Answer(403, b"signed too long ago, or ahead of time\n", NO_STORE)
TOO_SLOW = Answer(408, b"body too slow\n", NO_STORE, (b"connection", b"close"))
TOO_LARGE = Answer(413, b"body too large\n", NO_STORE, (b"connection", b"close"))
TRY_LATER = Answer(503, b"try again later\n", NO_STORE, RETRY_AFTER)


def wrong_method(*allowed: bytes) -> Answer:
    """405 that names the methods that would work."""
    return Answer(405, b"method not allowed\n", NO_STORE, (b"allow", b", ".join(allowed)))
