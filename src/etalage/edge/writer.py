"""One thread per store that commits whatever waits, all at once: group commit.

SQLite's own waiting is a convoy in which the slowest decides; one writer with a queue keeps the order, pays
one sync for many rows, and lets the event loop go on meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, NamedTuple, TypeVar

from etalage.edge.store import Store, StoreUnavailable
from etalage.kit import clock

Item = TypeVar("Item")
log = logging.getLogger(__name__)

MOST_PER_COMMIT = 1024
RETRY_S = 0.5


class WriterFull(Exception):
    """More waits already than the writer may hold, or it is not running."""


@dataclass(slots=True)
class Tally:
    """Counts since the start. `dropped` were never accepted by the queue, `lost` could not be written."""

    written: int = 0
    repeated: int = 0
    commits: int = 0
    failures: int = 0
    dropped: int = 0
    lost: int = 0


class _Waiting(NamedTuple, Generic[Item]):
    item: Item
    done: asyncio.Future[None] | None


class GroupWriter(Generic[Item]):
    """Writes items to a store from a thread of its own.

    `offer` gives an item away (clicks): a failed batch is tried again, up to `capacity` items. `commit` waits
    until the item is durable (intake): a failure is the caller's, who tells the sender to come again.
    `linger_s` gathers longer before a commit, `settle_s` bounds what a power cut may take when the store
    commits without syncing.
    """

    def __init__(
        self,
        store: Store[Item],
        *,
        name: str,
        capacity: int,
        linger_s: float = 0.0,
        settle_s: float | None = None,
    ) -> None:
        self._store, self._name, self._capacity = store, name, capacity
        self._linger_s, self._settle_s = linger_s, settle_s
        self._queue: SimpleQueue[_Waiting[Item] | None] = SimpleQueue()
        self._turn: deque[_Waiting[Item]] = deque()
        self._held: list[Item] = []
        self._in_hand = 0
        self._unsettled_since: float | None = None
        self._write_failed = self._settle_failed = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_alive = False  # asked for each request, and the thread itself answers slowly
        self.tally = Tally()

    @property
    def waiting(self) -> int:
        """Items that are not committed yet, roughly."""
        return self._queue.qsize() + len(self._turn) + self._in_hand

    @property
    def runs(self) -> bool:
        """True while the thread takes items."""
        return self._is_alive and not self._stopping.is_set()

    @property
    def writes(self) -> bool:
        """False while the last write, or the last settling, failed. Items are taken and tried all the same."""
        return not (self._write_failed or self._settle_failed)

    def start(self) -> None:
        """Open the store and begin. Raises `StoreUnavailable` when the store cannot be opened."""
        self._stopping.clear()
        opened: SimpleQueue[StoreUnavailable | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(opened,), name=self._name, daemon=True)
        self._thread.start()
        if (error := opened.get()) is not None:
            self._thread.join()
            self._thread = None
            raise error

    def stop(self) -> None:
        """Take no more, write what waits, settle, and close the store."""
        if self._thread is None:
            return
        self._stopping.set()
        self._hand_over()
        self._queue.put(None)
        self._thread.join()
        self._thread = None

    def offer(self, item: Item) -> bool:
        """Give an item away; False, and counted as dropped, when there is no room. Never blocks."""
        if self._has_room():
            self._queue.put(_Waiting(item, None))
            return True
        self.tally.dropped += 1
        return False

    async def commit(self, item: Item) -> None:
        """Return once the item is committed. Raises `WriterFull` or `StoreUnavailable`: then it was not
        accepted.
        """
        if not self._has_room():
            self.tally.dropped += 1
            raise WriterFull(self._name)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        if not self._turn:
            # Once this turn of the loop is over: woken by the first of many requests that are ready, the thread
            # would commit that one alone, and get into the others' way meanwhile.
            loop.call_soon(self._hand_over)
        self._turn.append(_Waiting(item, done))
        await done

    def _hand_over(self) -> None:
        """Give the thread what this turn of the event loop brought."""
        with suppress(IndexError):
            while True:
                self._queue.put(self._turn.popleft())

    def _has_room(self) -> bool:
        return self.runs and self._queue.qsize() + len(self._turn) < self._capacity

    # --- in the thread ------------------------------------------------------------------------------

    def _run(self, opened: SimpleQueue[StoreUnavailable | None]) -> None:
        try:
            self._store.open()
        except StoreUnavailable as error:
            opened.put(error)
            return
        self._is_alive = True
        opened.put(None)
        try:
            self._work()
        finally:
            self._is_alive = False

    def _work(self) -> None:
        running = True
        while running:
            batch, running = self._gather()
            if batch or self._held:
                self._write(batch)
            elif running and not self.writes:
                self._look_again()
            self._settle(now=not running)
        self.tally.lost += len(self._held)
        self._held = []
        self._store.close()

    def _gather(self) -> tuple[list[_Waiting[Item]], bool]:
        """Wait for an item, then take all that wait. False at the end when the writer is to stop."""
        try:
            first = self._queue.get(timeout=self._patience())
        except Empty:
            return [], True
        if first is None:
            return self._rest([]), False
        if self._linger_s and self._queue.qsize() < MOST_PER_COMMIT:
            self._stopping.wait(self._linger_s)
        batch = [first]
        while len(batch) < MOST_PER_COMMIT:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                break
            if waiting is None:
                return self._rest(batch), False
            batch.append(waiting)
        return batch, True

    def _rest(self, batch: list[_Waiting[Item]]) -> list[_Waiting[Item]]:
        """What came in just beside the stop."""
        while True:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                return batch
            if waiting is not None:
                batch.append(waiting)

    def _patience(self) -> float | None:
        """Seconds until something is due without a new item; None when nothing is."""
        if self._held or not self.writes:
            return RETRY_S
        if self._settle_s is None or self._unsettled_since is None:
            return None
        return max(0.0, self._unsettled_since + self._settle_s - clock.elapsed())

    def _write(self, batch: list[_Waiting[Item]]) -> None:
        items = [*self._held, *(waiting.item for waiting in batch)]
        self._in_hand = len(items)
        began = clock.elapsed()
        try:
            new = self._store.write(items)
        except StoreUnavailable as error:
            self._failed(batch, error)
            return
        except Exception as error:  # a fault of ours must not end the thread: say it, and tell all who wait
            log.exception("%s: a batch of %d could not be written", self._name, len(items))
            self._failed(batch, StoreUnavailable(str(error)), hopeless=True)
            return
        self._write_failed = False
        self._held = []
        self._in_hand = 0
        self.tally.commits += 1
        self.tally.written += new
        self.tally.repeated += len(items) - new
        if self._unsettled_since is None:
            self._unsettled_since = began
        _tell(batch, None)

    def _failed(
        self, batch: list[_Waiting[Item]], error: StoreUnavailable, *, hopeless: bool = False
    ) -> None:
        if self.tally.failures == 0 or not self._held:
            log.error("%s: %s", self._name, error)
        self._write_failed = True
        self.tally.failures += 1
        given_away = [*self._held, *(waiting.item for waiting in batch if waiting.done is None)]
        keep = 0 if hopeless else self._capacity
        self._held = given_away[:keep]
        self._in_hand = len(self._held)
        self.tally.lost += len(given_away) - len(self._held)
        _tell(batch, error)
        if self._held:
            self._stopping.wait(RETRY_S)

    def _look_again(self) -> None:
        """Whether the store is well again, where nothing waits to be written: it may be long until something does."""
        with suppress(StoreUnavailable):
            self._store.open()
            self._write_failed = self._settle_failed = False

    def _settle(self, *, now: bool) -> None:
        since = self._unsettled_since
        if self._settle_s is None or since is None:
            return
        if not now and clock.elapsed() < since + self._settle_s:
            return
        self._unsettled_since = None
        try:
            self._store.settle()
        except StoreUnavailable as error:
            self._settle_failed = True
            self.tally.failures += 1
            log.error("%s: %s", self._name, error)
        else:
            self._settle_failed = False


def _tell(batch: list[_Waiting[Item]], error: StoreUnavailable | None) -> None:
    """Wake everyone who waits, with one call into the event loop."""
    futures = [waiting.done for waiting in batch if waiting.done is not None]
    if not futures:
        return
    loop = futures[0].get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(_resolve, futures, error)


def _resolve(futures: list[asyncio.Future[None]], error: StoreUnavailable | None) -> None:
    for future in futures:
        if future.done():  # the one who waited has gone
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
