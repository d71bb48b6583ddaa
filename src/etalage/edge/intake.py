"""Webhook intake: verified raw bytes become one durable row before the sender hears 200."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Generator, Iterable
from functools import lru_cache
from typing import Any

from etalage.edge import answers
from etalage.edge.answers import Answer, Message, Receive, Scope, Send
from etalage.edge.config import EdgeConfig
from etalage.edge.deliveries import Delivery, delivery_key
from etalage.edge.disk import DiskGuard
from etalage.edge.signatures import WINDOW_S, Reason, Verdict
from etalage.edge.store import StoreUnavailable
from etalage.edge.writer import GroupWriter, WriterFull
from etalage.kit import clock
from etalage.kit.ids import uuid7_hex

log = logging.getLogger(__name__)

PREFIX = "/hooks/"
_PATH = re.compile(r"/hooks/([a-z0-9_-]{1,32})/([A-Za-z0-9_-]{1,128})/?")
_ALWAYS_KEPT = ("content-type", "content-encoding")
_LONGEST_HEADER = 1000
_MOST_DIGITS = 12
_QUIET_S = (
    60.0  # whoever sends again what he caught, or much while secrets cannot be read, does not fill the log
)


class BodyRefused(Exception):
    """The body was not read to its end; `answer` says why, None when the sender has gone."""

    def __init__(self, answer: Answer | None) -> None:
        super().__init__(answer.status if answer else "disconnected")
        self.answer = answer


class _Begun:
    """The first message of a request, begun to be waited for. It must be awaited by the task that began it."""

    __slots__ = ("_message", "_steps", "_waits_for", "is_whole")

    def __init__(self, message: Awaitable[Message]) -> None:
        self._steps = message.__await__()
        self._message: Message = {}
        self._waits_for: Any = None
        self.is_whole = False
        try:
            self._waits_for = next(self._steps)
        except StopIteration as end:  # it was there already
            self._message = end.value
            self.is_whole = not self._message.get("more_body", False)

    def __await__(self) -> Generator[Any, Any, Message]:
        if self._message:
            return self._message
        try:
            yield self._waits_for
        except BaseException:
            self._steps.close()
            raise
        return (yield from self._steps)


class Intake:
    """Answers `/hooks/<network>/<key>`."""

    def __init__(self, config: EdgeConfig, writer: GroupWriter[Delivery], disk: DiskGuard) -> None:
        self._config, self._writer, self._disk = config, writer, disk
        self._in_flight = 0
        self.refused = self.late = 0
        self._told_late_at = self._told_fault_at = float("-inf")

    @property
    def takes(self) -> bool:
        """False while deliveries are turned away with 503."""
        return self._writer.runs and not self._disk.is_low()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: a delivery by POST."""
        place = _PATH.fullmatch(scope["path"])
        if place is None:
            await answers.NOT_FOUND.send(send)
        elif scope["method"] == "POST":
            await self._post(scope, receive, send, place[1], place[2])
        else:
            await answers.wrong_method(b"POST").send(send)

    async def _post(self, scope: Scope, receive: Receive, send: Send, network: str, key: str) -> None:
        headers = header_texts(scope["headers"])
        try:
            raw = await self._body(headers, receive)
        except BodyRefused as refusal:
            if refusal.answer is not None:
                await refusal.answer.send(send)
            return
        try:
            answer = await self._take(network, key, headers, raw)
        finally:
            self._in_flight -= len(raw)
        if answer.status >= 400:
            self.refused += 1
        await answer.send(send)

    async def _take(self, network: str, key: str, headers: dict[str, str], raw: bytes) -> Answer:
        """Judge and keep; every way out that is not a commit tells the sender so."""
        try:
            judged = self._config.verifier(network, key, headers, raw)
            verdict = judged if isinstance(judged, Verdict) else await judged
        except Exception:  # closed on a fault of the verifier; the sender comes again
            if clock.elapsed() - self._told_fault_at >= _QUIET_S:
                self._told_fault_at = clock.elapsed()
                log.exception(
                    "the signature of a delivery from %s could not be checked; it comes again", network
                )
            return answers.TRY_LATER
        if not verdict.accepted:
            return self._refuse(network, verdict.reason)
        try:
            await self._writer.commit(_delivery(network, key, headers, raw, verdict))
        except (WriterFull, StoreUnavailable):
            return answers.TRY_LATER
        return answers.ACCEPTED

    def _refuse(self, network: str, reason: Reason) -> Answer:
        """What the sender hears; that a clock may be wrong is also logged, once a minute at most."""
        if reason == Reason.UNKNOWN:
            return answers.NOT_FOUND
        if reason != Reason.LATE:
            return answers.FORBIDDEN
        self.late += 1
        if clock.elapsed() - self._told_late_at >= _QUIET_S:
            self._told_late_at = clock.elapsed()
            log.warning(
                "a delivery from %s was refused (%s): its signature fits, but it was signed over %d seconds from now. "
                "Is this machine's clock right? If so, somebody sends again what they caught (%d since the start)",
                network,
                reason,
                WINDOW_S,
                self.late,
            )
        return answers.NOT_OF_NOW

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        """The whole body, within the limits of size, time and memory; the caller gives the memory back."""
        length = headers.get("content-length", "")
        if len(length) > _MOST_DIGITS or (length.isdecimal() and int(length) > self._config.body_limit):
            raise BodyRefused(answers.TOO_LARGE)
        if not self.takes:
            raise BodyRefused(answers.TRY_LATER)
        first = _Begun(receive())
        if first.is_whole:  # as nearly all are: a timer costs more than to judge and keep them
            return await self._pieces(first, receive)
        try:
            async with asyncio.timeout(self._config.body_seconds):
                return await self._pieces(first, receive)
        except TimeoutError as error:
            raise BodyRefused(answers.TOO_SLOW) from error

    async def _pieces(self, first: Awaitable[Message], receive: Receive) -> bytes:
        """All pieces, counted against the memory that all bodies share."""
        pieces: list[bytes] = []
        size, more = 0, True
        try:
            while more:
                message = await (receive() if pieces else first)
                if message["type"] != "http.request":
                    raise BodyRefused(None)
                piece: bytes = message.get("body", b"")
                pieces.append(piece)
                size += len(piece)
                self._in_flight += len(piece)
                if size > self._config.body_limit:
                    raise BodyRefused(answers.TOO_LARGE)
                if self._in_flight > self._config.bodies_in_flight:
                    raise BodyRefused(answers.TRY_LATER)
                more = message.get("more_body", False)
        except BaseException:
            self._in_flight -= size
            raise
        return b"".join(pieces)


def header_texts(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as text, names in lower case. One that comes twice is joined: no doubled signature passes."""
    texts: dict[str, str] = {}
    for name, value in pairs:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        texts[key] = f"{texts[key]}, {text}" if key in texts else text
    return texts


@lru_cache(maxsize=64)  # what is kept is the same for nearly all deliveries of a network
def _as_json(*kept: tuple[str, str]) -> str:
    return json.dumps(dict(kept), sort_keys=True)


def _delivery(network: str, key: str, headers: dict[str, str], raw: bytes, verdict: Verdict) -> Delivery:
    kept = [
        (name, headers[name][:_LONGEST_HEADER]) for name in (*_ALWAYS_KEPT, *verdict.keep) if name in headers
    ]
    return Delivery(
        id=uuid7_hex(),
        network=network,
        key=key,
        delivery_id=delivery_key(verdict.delivery_id, raw),
        received_us=clock.to_micros(clock.now()),
        headers=_as_json(*kept),
        body=raw,
    )
