"""How the C library deals out memory to threads."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8  # malloc.h of the GNU C library
HEAPS = 2


def share_heaps() -> bool:
    """Let all threads share a few heaps; False where the C library has no such setting (mallopt(3), M_ARENA_MAX).

    The GNU library gives threads up to eight heaps for each core, and what one of them has freed is of no use to the
    others. With a thread for each request the memory of a server then grows for hours, although nothing is kept. Call
    it before the first thread begins; Python's own lock lets hardly two threads allocate at once anyway.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS))
    except (AttributeError, OSError, TypeError):
        return False
