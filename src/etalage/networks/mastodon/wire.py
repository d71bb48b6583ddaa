"""Requests to one instance with one token: a read changes nothing, a write is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.kit.http_wire import Patience
from etalage.networks.base import ChannelRefused, CouldNotRead, Reason, Unknown
from etalage.networks.mastodon.answers import could_not_read, error_of, failure
from etalage.networks.wire import Failure, client_for, id_of, lost, not_sent, object_of

READ_SECONDS = 20.0
WRITE_SECONDS = 60.0  # a server under load may take long to accept; a shorter wait only makes more doubt


class Wire:
    """The way to an instance: its origin, which must be public unless the installation names it, and a token."""

    def __init__(self, origin: str, token: str = "", *, read_seconds: float, write_seconds: float) -> None:
        self.origin = origin
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._read_seconds, self._write_seconds = read_seconds, write_seconds

    def call(self, method: str, path: str, **request: Any) -> Answer:
        """One request; raises `NotSent` or `AnswerLost`."""
        seconds = self._read_seconds if method == "GET" else self._write_seconds
        headers = {"accept": "application/json", **self._headers, **request.pop("headers", {})}
        return client_for(self.origin).request(method, path, headers=headers, timeout=seconds, **request)

    def stream(self, path: str, patience: Patience) -> AbstractContextManager[tuple[Answer, Iterator[str]]]:
        """An answer that goes on; raises `NotSent` or `AnswerLost`."""
        headers = {"accept": "text/event-stream", **self._headers}
        return client_for(self.origin).stream(path, patience=patience, headers=headers)

    def answer(
        self, path: str, params: dict[str, Any] | None = None
    ) -> Answer | CouldNotRead | ChannelRefused:
        """A read's answer with a status in the 200s, or why there is none."""
        try:
            answer = self.call("GET", path, params=params)
        except (NotSent, AnswerLost) as error:
            return could_not_read(error)
        return answer if answer.ok else could_not_read(answer)

    def read(
        self, path: str, params: dict[str, Any] | None = None
    ) -> dict[str, Any] | CouldNotRead | ChannelRefused:
        """A read's JSON object, or why there is none."""
        answer = self.answer(path, params)
        if not isinstance(answer, Answer):
            return answer
        data = object_of(answer)
        return could_not_read(answer) if data is None else data

    def stands(self, path: str) -> bool | Unknown | ChannelRefused:
        """Whether something is there; else why that cannot be told. Only the API's own words prove an absence."""
        try:
            answer = self.call("GET", path)
        except (NotSent, AnswerLost) as error:
            return Unknown(Reason.AMBIGUOUS, error.reason)
        if answer.ok or (answer.status == 404 and error_of(answer) is not None):
            return answer.ok
        found = failure(answer, Reason.UNKNOWN)
        if isinstance(found, ChannelRefused):
            return found
        return Unknown(Reason.AMBIGUOUS, f"HTTP {answer.status}")

    def write(
        self, method: str, path: str, invalid: Reason, missing: Reason = Reason.MISCONFIGURED, **request: Any
    ) -> tuple[int, dict[str, Any]] | Failure:
        """A request that changes something: status and JSON object with a text `id`, or what its failure means."""
        try:
            answer = self.call(method, path, **request)
        except NotSent as error:
            return not_sent(error)
        except AnswerLost as error:
            return lost(error)
        if not answer.ok:
            return failure(answer, invalid, missing)
        data = object_of(answer)
        if data is None or not id_of(data):
            return Unknown(Reason.NONSENSE_ANSWER, f"HTTP {answer.status}")
        return answer.status, data
