"""The one client for social networks: fixed hosts, no redirects, no second try.

What it raises decides whether a post may be sent again, so the two kinds are kept strictly apart: `NotSent`
only where no byte of the request has left, `AnswerLost` for everything after.
"""

from __future__ import annotations

import json as json_text
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpcore
import httpx

from etalage.kit import addresses, http_wire

USER_AGENT = "Etalage/1"


class NotSent(Exception):
    """The network has provably not accepted the request; it may be sent again.

    Reasons: address_not_listed, bad_request, inside_address, unknown_host, refused, unreachable,
    connect_timeout, tls.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AnswerLost(Exception):
    """The request went out and its outcome is unknown: it must never be sent again blindly.

    Reasons: read_timeout, write_timeout, reset, truncated, too_large, not_http. `status` is set when at least
    the head of the answer came.
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
        """Whether the status is in the 200s."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body read as JSON; NotJson (a ValueError) when it is not."""
        try:
            return json_text.loads(self.body)
        except (ValueError, RecursionError) as problem:
            raise NotJson("The answer is not JSON.") from problem


class NetworkClient:
    """Calls the hosts it was given and no other: `hosts` are origins such as "https://mastodon.example".

    Each request takes a fresh connection and at most `timeout` seconds in all. With `public_only`, a host
    that people typed in may not stand for an inside address. `trust` replaces the public certificate
    authorities.
    """

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
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._origins = frozenset(_origin(httpx.URL(host)) for host in hosts)
        self._base = httpx.URL(base_url.rstrip("/") + "/")
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._max_bytes = max_bytes
        self._headers = dict(headers or {})
        self._accept = addresses.is_public if public_only else None
        self._trust = trust

    def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """GET `path`; see `request`."""
        return self.request("GET", path, params=params, headers=headers)

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST JSON or form fields to `path`; see `request`."""
        return self.request("POST", path, json=json, data=data, headers=headers)

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
        """One request, one answer of any status, redirects too; NotSent or AnswerLost otherwise.

        `path` hangs below the base address; an absolute address will do if its host is listed. `files` maps
        field names to (file name, bytes, media type). `timeout` is for the whole exchange, in seconds.
        """
        deadline = http_wire.Deadline(self._timeout if timeout is None else timeout)
        request = self._prepare(
            method, path, params=params, json=json, data=data, content=content, files=files, headers=headers
        )
        wire = self._open(request, deadline)
        try:
            return self._exchange(request, wire)
        finally:
            wire.close()

    @contextmanager
    def stream(
        self, path: str, *, patience: http_wire.Patience, headers: Mapping[str, str] | None = None
    ) -> Iterator[tuple[Answer, Iterator[str]]]:
        """GET an answer that goes on (server-sent events): its head and its lines as they come.

        An answer that is none, by its status, is whole and has no lines.

        NotSent or AnswerLost, also out of the lines: read_timeout when the patience is over.
        """
        unpacked = {**(headers or {}), "accept-encoding": "identity"}
        request = self._prepare("GET", path, headers=unpacked)
        wire = self._open(request, patience)
        status: int | None = None
        try:
            response = http_wire.exchange(request, wire)
            status = response.status
            head = Answer(status, http_wire.header_map(response.headers), b"")
            if head.ok:
                yield head, http_wire.read_lines(response, patience, self._max_bytes)
            else:
                yield replace(head, body=http_wire.read_body(response, self._max_bytes)), iter(())
        except http_wire.BodyUnusable as problem:
            raise AnswerLost(problem.reason, status) from problem
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as problem:
            raise _lost_or_not_sent(problem, wire, status) from problem
        finally:
            wire.close()

    def _open(self, request: httpx.Request, deadline: http_wire.Deadline) -> http_wire.Wire:
        try:
            return http_wire.open_wire(
                request.url, deadline, self._connect_timeout, accept=self._accept, trust=self._trust
            )
        except http_wire.NotConnected as problem:
            raise NotSent(problem.reason) from problem

    def _prepare(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> httpx.Request:
        own = {"user-agent": USER_AGENT, "accept-encoding": "gzip", "connection": "close"}
        try:
            url = self._base.join(path if "://" in path else path.lstrip("/"))
            if params:
                url = url.copy_merge_params(dict(params))
            if _origin(url) not in self._origins or url.userinfo:
                raise NotSent("address_not_listed")
            return httpx.Request(
                method,
                url,
                json=json,
                data=dict(data) if data is not None else None,
                content=content,
                files=dict(files) if files else None,
                headers={**own, **self._headers, **(headers or {})},
            )
        except (httpx.InvalidURL, UnicodeError, ValueError, TypeError) as problem:
            raise NotSent("bad_request") from problem

    def _exchange(self, request: httpx.Request, wire: http_wire.Wire) -> Answer:
        status: int | None = None
        try:
            response = http_wire.exchange(request, wire)
            status = response.status
            body = http_wire.read_body(response, self._max_bytes)
            return Answer(status, http_wire.header_map(response.headers), body)
        except http_wire.BodyUnusable as problem:
            raise AnswerLost(problem.reason, status) from problem
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as problem:
            raise _lost_or_not_sent(problem, wire, status) from problem


def _lost_or_not_sent(problem: Exception, wire: http_wire.Wire, status: int | None) -> NotSent | AnswerLost:
    """What went wrong on the way, told by whether a byte had left."""
    if not wire.has_sent:
        return NotSent(_unsent_reason(problem))
    return AnswerLost(_lost_reason(problem, status, wire.has_ended), status)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    if url.scheme not in ("http", "https"):
        raise ValueError("A network is reached by http or https.")
    return url.scheme, url.host.lower(), url.port or (443 if url.scheme == "https" else 80)


def _unsent_reason(problem: Exception) -> str:
    return "connect_timeout" if isinstance(problem, httpcore.TimeoutException) else "bad_request"


def _lost_reason(problem: Exception, status: int | None, has_ended: bool) -> str:
    if isinstance(problem, httpcore.WriteTimeout):
        return "write_timeout"
    if isinstance(problem, httpcore.TimeoutException):
        return "read_timeout"
    if isinstance(problem, httpcore.NetworkError):
        return "reset"
    if has_ended:
        return "reset" if status is None else "truncated"
    return "not_http"
