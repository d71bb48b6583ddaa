"""Writers of one process take turns at a file, in the order in which they came.

SQLite lets one write at a time, and whoever finds the file locked sleeps and tries again, longer each time: with many
at once the newcomer wins and the unlucky wait for seconds, until they are told that the database is locked.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from functools import cache


class Turns:
    """First come, first served."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Nobody writes and nobody waits: for a forked process, whose other threads are not there any more."""
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for the turn, at most so many seconds; False when it did not come."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            came = mine.acquire(timeout=seconds)
        except BaseException:  # Ctrl-C, or a time limit: nobody must wait for one who is not there any more
            if not self._left(mine):
                self.give()
            raise
        return came or not self._left(mine)

    def _left(self, mine: threading.Lock) -> bool:
        """Leave the line; False when the turn was handed over in the last moment."""
        with self._lock:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True

    def give(self) -> None:
        """Hand the turn to the next one."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


@cache
def turns_at(path: str) -> Turns:
    """The turns at this file, the same for all threads of this process."""
    turns = Turns()
    os.register_at_fork(after_in_child=turns.forget)
    return turns
