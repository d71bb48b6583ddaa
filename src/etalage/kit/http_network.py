"""The one client for social networks: fixed hosts, no redirects, no second try."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class NotSent(Exception):
    """The network has provably not accepted the request; it may be sent again.

    Reasons: address_not_listed, bad_request, inside_address, unknown_host, refused, unreachable, connect_timeout, tls.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AnswerLost(Exception):
    """The request went out and its outcome is unknown: it must never be sent again blindly.

    Reasons: read_timeout, reset, truncated, too_large, not_http. `status` is set when at least the head came.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class NotJson(ValueError):
    """The body of an answer is not JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: status, headers with lower-case names, decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body read as JSON; NotJson (a ValueError) when it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as problem:
            raise NotJson("The answer is not JSON.") from problem


class NetworkClient:
    """Calls the hosts it was given and no other."""

    def __init__(
        self,
        hosts: frozenset[str],
        base_url: str,
        *,
        timeout: float = 30.0,
        connect_timeout: float = 10.0,
        max_bytes: int = 8 * 1024 * 1024,
        headers: Mapping[str, str] | None = None,
        public_only: bool = False,
    ) -> None:
        raise NotImplementedError

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        raise NotImplementedError
