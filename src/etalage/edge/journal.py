"""What jobs read of the edge's deliveries, from any process: those that wait, and what became of them.

Handling a delivery and marking it are two databases, so a crash between them hands it out again: whoever
handles deliveries does so under unique constraints of its own (network and remote id), and twice has the
effect of once. An attempt is counted before its work: else a delivery that kills its process kills the next one too.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from etalage.edge.deliveries import Delivery, journal_store
from etalage.edge.disk import MIN_FREE_BYTES, DiskGuard
from etalage.edge.store import WAIT_S, StoreUnavailable
from etalage.kit import clock

_DELIVERY_COLUMNS = "id, network, key, delivery_id, received_us, headers, body, attempts, reason"
_REASON_LENGTH = 300
_PORTION = 5000
_MOST_BYTES = 16 * 1024 * 1024  # bodies in memory at once; a single one may be larger
_LOOK_S = 0.02
# An attempt is a fence: who was stopped in its work changes nothing that somebody else has in hand, or has finished.
_IN_HAND = " WHERE id = ? AND state = 'waiting' AND attempts = ?"
_KNOWN: set[Path] = set()  # journals that this process has seen: one that is gone is not made anew
STUCK_S = 60.0
INTERRUPTED = "interrupted"
"""The reason of what was in hand when its process died; it stands from before the work until the work says better."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of its own per call, as jobs run in many threads; the file must exist."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=WAIT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")  # what is forgotten stays in no free page
        yield connection
    finally:
        connection.close()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def in_portions(connection: sqlite3.Connection, sql: str, before_us: int) -> int:
    """Run a change until nothing is left to change, in portions, so that the edge's writer gets in between."""
    changed = 0
    while portion := connection.execute(sql, (before_us, _PORTION)).rowcount:
        changed += portion
    return changed


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery to handle; `body` are the verified raw bytes, `reason` why it failed the last time."""

    id: str
    network: str
    key: str
    delivery_id: str
    received_us: int
    headers_json: str
    body: bytes
    attempts: int
    reason: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the verifier asked to keep, names in lower case."""
        kept: dict[str, str] = json.loads(self.headers_json)
        return kept


@dataclass(frozen=True, slots=True)
class Failure:
    """A delivery that could not be handled; it is handed out again at that time (UTC microseconds), or never."""

    delivery: Waiting
    reason: str
    again_at_us: int | None = None


class Journal:
    """The deliveries and what became of them. One thread's own while it has its turn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: sqlite3.Connection | None = None

    def _is_there(self) -> bool:
        """False before the edge has run, and while its disk is away."""
        is_there = self._path.exists()
        if is_there:
            _KNOWN.add(self._path)
        return is_there

    @contextmanager
    def turn(self, wait_s: float = 0.0) -> Iterator[bool]:
        """Handle deliveries as the only one for the length of a `with` block; False: after `wait_s` another still does.

        Whoever is killed gives the turn back by that. One that has held it for `STUCK_S` (a process that was stopped)
        is waited for no longer: twice has the effect of once.
        """
        if not self._is_there():  # the edge has not run yet
            yield True
            return
        path = self._path.with_suffix(".turn")
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _is_free(file, wait_s):
                yield False
                return
            with opened(
                self._path
            ) as kept:  # where nobody else has the file open, each close writes the log back
                before, self._kept = self._kept, kept
                try:
                    yield True
                finally:
                    self._kept = before
        finally:
            os.close(file)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """The connection of the turn; else one of its own."""
        if self._kept is not None:
            yield self._kept
            return
        with opened(self._path) as connection:
            yield connection

    def keep(self, deliveries: Sequence[Delivery], *, min_free_bytes: int = MIN_FREE_BYTES) -> int:
        """Write what was fetched, durably, beside the edge's own writer; return how many were new.

        Raises StoreUnavailable when the disk is nearly full or the file cannot be written: then nothing is kept.
        """
        if not deliveries:
            return 0
        if DiskGuard(self._path.parent, min_free_bytes).is_low():
            raise StoreUnavailable(f"{self._path.parent}: less than {min_free_bytes} bytes are free")
        store = journal_store(self._path, is_known=self._path in _KNOWN)
        try:
            return store.write(deliveries)
        finally:
            store.close()
            self._is_there()

    def pending(self, limit: int = 100) -> list[Waiting]:
        """Deliveries that wait and are due, in the order in which they came in; fewer where their bodies are large."""
        now_us = clock.to_micros(clock.now())
        due = "state = 'waiting' AND not_before_us <= ? ORDER BY seq LIMIT ?"
        return self._read(due, (now_us, limit), most_bytes=_MOST_BYTES)

    def begin(self, deliveries: Sequence[Waiting], *, again_at_us: int = 0) -> list[Waiting]:
        """Count an attempt at these, durably, before anything is done with them; return them with it counted.

        What is written is what holds if the process dies now: `INTERRUPTED`, handed out again at that time (UTC
        microseconds), at once by default.
        """
        changes = "attempts = attempts + 1, reason = ?, not_before_us = ?, changed_us = ?"
        where = "AND state = 'waiting'"
        self._mark(changes, [one.id for one in deliveries], INTERRUPTED, again_at_us, where=where)
        return [replace(one, attempts=one.attempts + 1, reason=INTERRUPTED) for one in deliveries]

    def give_back(self, deliveries: Sequence[Waiting]) -> None:
        """Take back that these were begun, as they were handed out: nothing was found out about them."""
        now_us = clock.to_micros(clock.now())
        self._change(
            "UPDATE delivery SET attempts = ?, reason = ?, not_before_us = 0, changed_us = ?"  # noqa: S608
            f"{_IN_HAND} AND reason = ?",
            [(one.attempts, one.reason, now_us, one.id, one.attempts + 1, INTERRUPTED) for one in deliveries],
        )

    def dead(self, limit: int = 100) -> list[Waiting]:
        """Deliveries that failed for good, newest first, for people to look at."""
        return self._read("state = 'failed' ORDER BY seq DESC LIMIT ?", (limit,))

    def dead_count(self) -> int:
        """How many failed for good."""
        if not self._is_there():
            return 0
        with self._connection() as connection:
            (count,) = connection.execute("SELECT count(*) FROM delivery WHERE state = 'failed'").fetchone()
        return int(count)

    def find_dead(self, delivery: str) -> Waiting | None:
        """One that failed for good; None when it is not among them any more."""
        found = self._read("state = 'failed' AND id = ?", (delivery,))
        return found[0] if found else None

    def mark_done(self, *deliveries: Waiting) -> None:
        """These, as they were begun, were handled; one that somebody else has taken up since is left to them."""
        now_us = clock.to_micros(clock.now())
        self._change(
            f"UPDATE delivery SET state = 'done', reason = '', changed_us = ?{_IN_HAND}",  # noqa: S608
            [(now_us, one.id, one.attempts) for one in deliveries],
        )

    def mark_failed(self, delivery: Waiting, reason: str, *, again_at_us: int | None = None) -> None:
        """It could not be handled: hand it out again at that time (UTC microseconds), or never when None."""
        self.mark_all_failed([Failure(delivery, reason, again_at_us)])

    def mark_all_failed(self, failures: Iterable[Failure]) -> None:
        """These, as they were begun, could not be handled; as with `mark_done`, all or none are marked."""
        now_us = clock.to_micros(clock.now())
        self._change(
            f"UPDATE delivery SET state = ?, not_before_us = ?, reason = ?, changed_us = ?{_IN_HAND}",  # noqa: S608
            [
                (
                    "failed" if one.again_at_us is None else "waiting",
                    one.again_at_us or 0,
                    one.reason[:_REASON_LENGTH],
                    now_us,
                    one.delivery.id,
                    one.delivery.attempts,
                )
                for one in failures
            ],
        )

    def replay_dead(self, *ids: str) -> int:
        """Hand out again those of these that failed for good, all of them without ids; return how many."""
        changes = "state = 'waiting', attempts = 0, not_before_us = 0"
        return self._change_dead(changes, ids)

    def drop_dead(self, *ids: str) -> int:
        """Give up those of these that failed for good; the ids stay, to know a late copy. Return how many."""
        return self._change_dead("state = 'done', body = NULL, headers = '{}'", ids)

    def drop_dead_before(self, before_us: int) -> int:
        """Give up what failed for good before this time (UTC microseconds); return how many."""
        if not self._is_there():
            return 0
        some = "SELECT seq FROM delivery WHERE state = 'failed' AND changed_us < ? LIMIT ?"
        with self._connection() as connection:
            drop = "UPDATE delivery SET state = 'done', body = NULL, headers = '{}'"
            return in_portions(connection, f"{drop} WHERE seq IN ({some})", before_us)

    def find(self, key: str, is_meant: Callable[[bytes], bool]) -> list[tuple[Waiting, bool]]:
        """Every delivery to this key whose bytes are meant, whatever its state, and whether it is done."""
        if not self._is_there():
            return []
        sql = f"SELECT {_DELIVERY_COLUMNS}, state = 'done' FROM delivery WHERE key = ? AND body IS NOT NULL"  # noqa: S608
        with self._connection() as connection:
            rows = connection.execute(sql, (key,))
            return [(one, bool(is_done)) for *row, is_done in rows if is_meant((one := Waiting(*row)).body)]

    def rewrite(self, delivery: str, headers: str, body: bytes) -> None:
        """Put other bytes, and how to read them, in the place of those of a delivery that is not done."""
        sql = "UPDATE delivery SET headers = ?, body = ?, changed_us = ? WHERE id = ? AND state <> 'done'"
        self._change(sql, [(headers, body, clock.to_micros(clock.now()), delivery)])

    def empty(self, *ids: str) -> None:
        """Take the bytes of these away, whatever their state; they count as done. All or none are emptied.

        The log is written back, so that nothing of them stays in it, where no other program is in the way.
        """
        if not ids:
            return
        self._mark("state = 'done', body = NULL, headers = '{}', reason = '', changed_us = ?", ids)
        with self._connection() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _change_dead(self, changes: str, ids: Sequence[str]) -> int:
        """Change failed deliveries, all of them without ids."""
        if not self._is_there():
            return 0
        now_us, changed = clock.to_micros(clock.now()), 0
        sql = f"UPDATE delivery SET {changes}, changed_us = ? WHERE state = 'failed'"  # noqa: S608
        with self._connection() as connection, _transaction(connection):
            if not ids:
                changed = connection.execute(sql, (now_us,)).rowcount
            for one in ids:
                changed += connection.execute(f"{sql} AND id = ?", (now_us, one)).rowcount
        return changed

    def prune(self, before_us: int) -> int:
        """Forget the bodies of deliveries done before this time; the ids stay, to know a late copy."""
        if not self._is_there():
            return 0
        some = "SELECT seq FROM delivery WHERE state = 'done' AND body IS NOT NULL AND changed_us < ? LIMIT ?"
        with self._connection() as connection:
            forget = f"UPDATE delivery SET body = NULL WHERE seq IN ({some})"  # noqa: S608
            return in_portions(connection, forget, before_us)

    def _read(self, where: str, values: Sequence[object], most_bytes: float = math.inf) -> list[Waiting]:
        """The deliveries, until their bodies are so many bytes."""
        if not self._is_there():  # the edge has not run yet
            return []
        found, size = [], 0
        with self._connection() as connection:
            sql = f"SELECT {_DELIVERY_COLUMNS} FROM delivery WHERE {where}"  # noqa: S608
            for row in connection.execute(sql, values):
                found.append(Waiting(*row))
                size += len(found[-1].body or b"")
                if size >= most_bytes:
                    break
        return found

    def _mark(self, changes: str, ids: Sequence[str], *values: object, where: str = "") -> None:
        now_us = clock.to_micros(clock.now())
        sql = f"UPDATE delivery SET {changes} WHERE id = ? {where}"  # noqa: S608
        self._change(sql, [(*values, now_us, one) for one in ids])

    def _change(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Change all of these or none, durably."""
        with self._connection() as connection, _transaction(connection):
            connection.executemany(sql, rows)


def _is_free(file: int, wait_s: float) -> bool:
    """Lock the file until it is closed; the time of its last change says when somebody last had the turn."""
    deadline = clock.elapsed() + wait_s
    while True:
        is_stuck = clock.now().timestamp() - os.fstat(file).st_mtime > STUCK_S
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_stuck = True  # nobody is there
        if is_stuck:
            os.utime(file)
            return True
        if clock.elapsed() >= deadline:
            return False
        time.sleep(_LOOK_S)
