"""What the edge knows of a tracked link, and the short memory that keeps the database out of the hot path."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

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

    A kill switch therefore works within `fresh_s` seconds, and a link made after somebody asked for it
    appears within `absent_s`. When the database does not answer, what was known up to `stale_s` ago still
    serves: nobody can have withdrawn a link in a database that is down.
    """

    def __init__(
        self,
        source: LinkSource,
        prepare: Callable[[Link], Known | None],
        *,
        fresh_s: float = 2.0,
        absent_s: float = 0.5,
        stale_s: float = 3600.0,
        size: int = 10_000,
        waiting: int = 2_000,
    ) -> None:
        self._source, self._prepare = source, prepare
        self._fresh_s, self._absent_s, self._stale_s = fresh_s, absent_s, stale_s
        self._size, self._waiting = size, waiting
        self._entries: OrderedDict[str, _Entry[Known]] = OrderedDict()
        self._asked: dict[str, asyncio.Future[Known | None]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="edge-links")
        self.unanswered = 0

    async def find(self, typed: str) -> Known | None:
        """What is known of the link with this code, None when there is none. Raises `LinksUnavailable`."""
        code = normal_code(typed)
        if code is None:
            return None
        entry = self._entries.get(code)
        if entry is not None:
            age = clock.elapsed() - entry.read_at
            if age < (self._absent_s if entry.known is None else self._fresh_s):
                return entry.known
        return await self._ask(code, entry)

    def close(self) -> None:
        """Stop the reading thread and give its connection back."""
        self._thread.submit(self._source.close)
        self._thread.shutdown(wait=True)

    async def _ask(self, code: str, old: _Entry[Known] | None) -> Known | None:
        """Read once for all who ask for the same code at the same time."""
        asked = self._asked.get(code)
        if asked is None:
            if len(self._asked) >= self._waiting:
                self.unanswered += 1
                raise LinksUnavailable("too many links are being looked up")
            asked = asyncio.get_running_loop().run_in_executor(self._thread, self._read, code)
            self._asked[code] = asked
            asked.add_done_callback(lambda done: self._remember(code, done))
        try:
            # Shielded: the one who asked first may hang up, the others still wait for the same answer.
            return await asyncio.shield(asked)
        except LinksUnavailable:
            self.unanswered += 1
            if old is not None and clock.elapsed() - old.read_at < self._stale_s:
                return old.known
            raise

    def _read(self, code: str) -> Known | None:
        link = self._source.find(code)
        return None if link is None else self._prepare(link)

    def _remember(self, code: str, done: asyncio.Future[Known | None]) -> None:
        self._asked.pop(code, None)
        if done.cancelled() or done.exception() is not None:
            return
        self._entries[code] = _Entry(done.result(), clock.elapsed())
        self._entries.move_to_end(code)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
