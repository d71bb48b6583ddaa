"""One thread beside the event loop for reads that may hang."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from itertools import count
from queue import PriorityQueue
from typing import TypeVar

Answer = TypeVar("Answer")

CLOSE_S = 2.0
_URGENT, _PLAIN, _LAST = range(3)


class Reader:
    """Does what it is given, one after the other, in a thread that begins with the first; what is urgent goes ahead.

    Not an executor of Python's own: the end of the program would wait for its thread, however long that hangs.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._given: PriorityQueue[tuple[int, int, Callable[[], object] | None]] = PriorityQueue()
        self._turns = count()  # so that no two entries are alike
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def read(self, work: Callable[[], Answer], *, urgent: bool = False) -> asyncio.Future[Answer]:
        """What `work` will give, or raise, in its turn. Raises RuntimeError once closed."""
        if self._is_closed:
            raise RuntimeError(f"{self._name} is closed")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        answer: Future[Answer] = Future()
        self._put(_URGENT if urgent else _PLAIN, partial(_do, work, answer))
        return asyncio.wrap_future(answer)

    def close(self, last: Callable[[], object] | None = None, *, wait_s: float = CLOSE_S) -> None:
        """Take no more, finish what was given, do `last` in the thread; all that for at most `wait_s` seconds.

        What hangs longer is left behind, and ends with the program.
        """
        self._is_closed = True
        if self._thread is None:
            return
        if last is not None:
            self._put(_LAST, last)
        self._put(_LAST, None)
        self._thread.join(wait_s)

    def _put(self, rank: int, step: Callable[[], object] | None) -> None:
        self._given.put((rank, next(self._turns), step))

    def _run(self) -> None:
        while (step := self._given.get()[-1]) is not None:
            step()


def _do(work: Callable[[], Answer], answer: Future[Answer]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        found = work()
    except BaseException as error:  # whoever asked is told, and the thread goes on
        answer.set_exception(error)
    else:
        answer.set_result(found)
