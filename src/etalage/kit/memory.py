"""How the C library deals out memory, and gives it back."""

from __future__ import annotations

import ctypes
import threading

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h of the GNU C library
HEAPS = 1
LARGE = 16 * 1024  # bytes
GIVEN_BACK_EVERY_S = 10.0


def spare_memory() -> bool:
    """Let all threads share one heap, and large pieces go back to the system when they are freed (mallopt(3)).

    The GNU library gives threads up to eight heaps for each core, and what one of them has freed is of no use to the
    others (seen with two as well); and once a large piece was freed, it takes pieces of that size from the heaps, where
    what lies above keeps them. With a thread for each request the memory of a server then grows for hours, although
    nothing is kept. Call it before the first thread begins; Python's own lock lets hardly two threads allocate at once
    anyway. False where the C library has no such settings.
    """
    try:
        library = ctypes.CDLL(None)
        return all([library.mallopt(_M_ARENA_MAX, HEAPS), library.mallopt(_M_MMAP_THRESHOLD, LARGE)])
    except (AttributeError, OSError, TypeError):
        return False


def give_back() -> bool:
    """Give pages that are free in the middle of the heaps back to the system too (malloc_trim(3)), in milliseconds.

    One page of results takes megabytes for a moment, in pieces too small for `LARGE`; what is made meanwhile and lives
    on lies above them. True when something went back; False also where the C library has no such call.
    """
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (AttributeError, OSError, TypeError):
        return False


def give_back_until(stop: threading.Event) -> None:
    """Give memory back every few seconds, until the program stops."""
    while not stop.wait(GIVEN_BACK_EVERY_S):
        give_back()
