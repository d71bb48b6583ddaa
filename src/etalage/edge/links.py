"""What the edge knows of a tracked link, and the short memory that keeps the database out of the hot path."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from etalage.edge.reader import Reader
from etalage.kit import clock

Status = Literal["live", "withdrawn"]
Kind = Literal["link", "qr"]
Known = TypeVar("Known")
SHORTEST, LONGEST = 4, 16


def normal_code(typed: str) -> str | None:
    """The code in capitals, as people may type it small, or None when no code can look like that."""
    if SHORTEST <= len(typed) <= LONGEST and typed.isascii() and typed.isalnum():
        return typed.upper()
    return None


@dataclass(frozen=True, slots=True)
class Link:
    """One tracked link as stored. `target_path` is a page of our own site; times are UTC microseconds."""

    code: str
    target_path: str
    expires_at_us: int | None
    link_id: str
    status: Status = "live"
    kind: Kind = "link"

    def is_over(self, now_us: int) -> bool:
        """True when it was withdrawn or its time has passed."""
        return self.status != "live" or (self.expires_at_us is not None and self.expires_at_us <= now_us)


class LinksUnavailable(Exception):
    """The links cannot be read now; the one who clicked is not told that the link does not exist."""


class LinkSource(Protocol):
    """Where links are read from. Called from one thread only, never from the event loop; may block."""

    def find(self, code: str) -> Link | None:
        """The link of this normal code, None when there is none. Raises `LinksUnavailable`."""

    def close(self) -> None:
        """Give connections back; a later `find` opens them again."""


class _Entry(NamedTuple, Generic[Known]):
    known: Known | None
    read_at: float


class LinkMemory(Generic[Known]):
    """The links of the last seconds, so that a post that goes round costs one look at the database per
    `fresh_s`.

    While the database answers, a kill switch therefore works within `fresh_s` seconds, and a link made after
    somebody asked for it appears within `absent_s`. When it fails, or says nothing for `wait_s`, a link that was
    known up to `stale_s` ago still serves: nobody can have withdrawn a link in a database that is down. It is asked
    again `fresh_s` after it failed; while it says nothing, nobody waits twice. What is not known waits for its answer,
    in a line of its own, and codes that somebody made up are remembered apart: they push no link out.
    """

    def __init__(
        self,
        source: LinkSource,
        prepare: Callable[[Link], Known | None],
        *,
        fresh_s: float = 2.0,
        absent_s: float = 0.5,
        stale_s: float = 3600.0,
        wait_s: float = 1.0,
        size: int = 10_000,
        absent_size: int = 1_000,
        waiting: int = 2_000,
    ) -> None:
        self._source, self._prepare = source, prepare
        self._fresh_s, self._absent_s, self._stale_s, self._wait_s = fresh_s, absent_s, stale_s, wait_s
        self._size, self._absent_size, self._waiting = size, absent_size, waiting
        self._entries: OrderedDict[str, _Entry[Known]] = OrderedDict()
        self._absent: OrderedDict[str, _Entry[Known]] = OrderedDict()
        self._asked: dict[str, asyncio.Future[Known | None]] = {}
        # Of links that are known, in the order in which they are read.
        self._known_asked_at: dict[str, float] = {}
        self._reader = Reader("edge-links")
        self._failed_at = self._quiet_until = float("-inf")
        self.unanswered = 0

    async def find(self, typed: str) -> Known | None:
        """What is known of the link with this code, None when there is none. Raises `LinksUnavailable`."""
        code = normal_code(typed)
        if code is None:
            return None
        entry = self._entries.get(code) or self._absent.get(code)
        if entry is not None:
            age = clock.elapsed() - entry.read_at
            if age < (self._absent_s if entry.known is None else self._fresh_s):
                return entry.known
        return await self._ask(code, entry)

    def close(self) -> None:
        """Give the connection back and stop the reading thread; one that hangs is left to itself after seconds."""
        self._reader.close(self._source.close)

    async def _ask(self, code: str, old: _Entry[Known] | None) -> Known | None:
        """Read once for all who ask for the same code at the same time."""
        now = clock.elapsed()
        if old is not None and now - old.read_at >= self._stale_s:
            old = None
        is_known = old is not None and old.known is not None
        if old is not None and is_known and now < self._quiet_until:
            self.unanswered += 1
            return old.known
        answer = self._begun(code, now, is_known=is_known)
        try:
            async with asyncio.timeout(self._patience(now) if is_known else None):
                # Shielded: the one who asked first may hang up, the others still wait for the same answer.
                return await asyncio.shield(answer)
        except (LinksUnavailable, TimeoutError):
            self.unanswered += 1
            if old is None:
                raise
            return old.known

    def _begun(self, code: str, now: float, *, is_known: bool) -> asyncio.Future[Known | None]:
        """The reading of this code, begun if nobody has. Raises `LinksUnavailable` when too many wait.

        Known links are always let in, as many as the memory holds: strangers who make up codes keep none of them
        from being read anew.
        """
        if (asked := self._asked.get(code)) is not None:
            return asked
        if len(self._asked) >= self._waiting and not is_known:
            self.unanswered += 1
            raise LinksUnavailable("too many links are being looked up")
        answer = self._reader.read(partial(self._read, code, now), urgent=is_known)
        self._asked[code] = answer
        if is_known:
            self._known_asked_at[code] = now
        answer.add_done_callback(partial(self._remember, code))
        return answer

    def _patience(self, now: float) -> float:
        """Seconds for which a known link is waited for: none while one of them has waited for `wait_s`."""
        return max(0.0, next(iter(self._known_asked_at.values()), now) + self._wait_s - now)

    def _read(self, code: str, asked_at: float) -> Known | None:
        if asked_at < self._failed_at:  # else all who waited meanwhile would wait for a failure each
            raise LinksUnavailable("the links could not be read since this one was asked for")
        try:
            link = self._source.find(code)
        except LinksUnavailable:
            self._failed_at = clock.elapsed()
            raise
        return None if link is None else self._prepare(link)

    def _remember(self, code: str, done: asyncio.Future[Known | None]) -> None:
        self._asked.pop(code, None)
        self._known_asked_at.pop(code, None)
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            if isinstance(error, LinksUnavailable):
                self._quiet_until = clock.elapsed() + self._fresh_s
            return
        self._quiet_until = float("-inf")
        known, now = done.result(), clock.elapsed()
        if known is None:
            self._entries.pop(code, None)
            _keep(self._absent, code, _Entry(None, now), self._absent_size)
        else:
            self._absent.pop(code, None)
            _keep(self._entries, code, _Entry(known, now), self._size)


def _keep(entries: OrderedDict[str, _Entry[Known]], code: str, entry: _Entry[Known], size: int) -> None:
    entries[code] = entry
    entries.move_to_end(code)
    if len(entries) > size:
        entries.popitem(last=False)
