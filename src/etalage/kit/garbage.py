"""How often Python looks for cycles among its objects."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TIMES_RARER = 100

_lock = threading.Lock()
_inside = 0
_usual = gc.get_threshold()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles a hundred times less often, for work that makes many objects and hardly a cycle.

    Without it, reading a long file spends an eighth of its time on looking through objects that all live on.
    """
    global _inside, _usual  # noqa: PLW0603 - the collector itself is one for the whole process
    with _lock:
        if not _inside:
            _usual = gc.get_threshold()
            gc.set_threshold(_usual[0] * TIMES_RARER, *_usual[1:])
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                gc.set_threshold(*_usual)
