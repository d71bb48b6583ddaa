"""One thread beside the event loop for reads that may hang."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

Answer = TypeVar("Answer")
Step = Callable[[], object]

CLOSE_S = 2.0


class Reader:
    """Does what it is given in a thread that begins with the first: what is urgent and what is not in turn.

    Neither of the two lines keeps the other one waiting, however long it grows.
    Not an executor of Python's own: the end of the program would wait for its thread, however long that hangs.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._urgent, self._plain, self._last = deque[Step](), deque[Step](), deque[Step]()
        self._given = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def read(self, work: Callable[[], Answer], *, urgent: bool = False) -> asyncio.Future[Answer]:
        """What `work` will give, or raise, in its turn. Raises RuntimeError once closed, or without a thread."""
        if self._is_closed:
            raise RuntimeError(f"{self._name} is closed")
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            thread.start()
            self._thread = thread
        answer: Future[Answer] = Future()
        with self._given:
            (self._urgent if urgent else self._plain).append(partial(_do, work, answer))
            self._given.notify()
        return asyncio.wrap_future(answer)

    def close(self, last: Step | None = None, *, wait_s: float = CLOSE_S) -> None:
        """Take no more, finish what was given, do `last` in the thread; all that for at most `wait_s` seconds.

        What hangs longer is left behind, and ends with the program.
        """
        with self._given:
            self._is_closed = True
            if last is not None:
                self._last.append(last)
            self._given.notify()
        if self._thread is not None:
            self._thread.join(wait_s)

    def _run(self) -> None:
        turns = deque([self._urgent, self._plain])
        while (step := self._next(turns)) is not None:
            step()

    def _next(self, turns: deque[deque[Step]]) -> Step | None:
        """The next one of the line whose turn it is, or of the other one; None when all is done and it is closed."""
        with self._given:
            self._given.wait_for(lambda: self._is_closed or any(turns))
            for line in (*turns, self._last):
                if line:
                    turns.rotate()
                    return line.popleft()
        return None


def _do(work: Callable[[], Answer], answer: Future[Answer]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        found = work()
    except BaseException as error:  # whoever asked is told, and the thread goes on
        answer.set_exception(error)
    else:
        answer.set_result(found)
