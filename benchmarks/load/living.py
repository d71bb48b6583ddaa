"""The shop with a witness of the memory that lives in it: `python -m benchmarks.load.living FILE [PART]`.

What a process holds also has holes, which its allocators keep or give back as they like: megabytes up and down that say
nothing about what a program keeps by mistake. What is in use can be asked only from inside.
"""

from __future__ import annotations

import ctypes
import re
import runpy
import sys
import threading
import time
from pathlib import Path

from etalage.kit.memory import spare_memory

EVERY_S = 5.0
_BLOCKS = re.compile(r"bytes in allocated blocks\s*=\s*([\d,]+)")


class _Heap(ctypes.Structure):
    """`struct mallinfo2` of the GNU C library (mallinfo(3)), bytes."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def living_bytes() -> int:
    """Bytes in use in this process: Python's small blocks, and all that was asked of the C library (SQLite too).

    Raises OSError where the C library or this Python cannot tell.
    """
    return _small_blocks() + _c_heap()


def _c_heap() -> int:
    """What is in use of the heaps, and in pieces of their own."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        raise OSError("This C library does not tell how much of its memory is in use (GNU libc 2.33 does).")
    library.mallinfo2.restype = _Heap
    heap = library.mallinfo2()
    return int(heap.uordblks + heap.hblkhd)


def _small_blocks() -> int:
    """What is in use of the arenas that Python asks of the system itself; it tells that only as text for people."""
    library = ctypes.CDLL(None)
    library.open_memstream.restype = ctypes.c_void_p
    told, length = ctypes.c_void_p(), ctypes.c_size_t()
    stream = ctypes.c_void_p(library.open_memstream(ctypes.byref(told), ctypes.byref(length)))
    try:
        ctypes.pythonapi._PyObject_DebugMallocStats(stream)
        library.fclose(stream)
        found = _BLOCKS.search(ctypes.string_at(told, length.value).decode())
    finally:
        library.free(told)
    if found is None:
        raise OSError("This Python does not tell how much of its memory is in use.")
    return int(found[1].replace(",", ""))


def read(path: Path, since: float) -> list[tuple[float, float]]:
    """What the witness wrote: (seconds from `since` on the monotonic clock, MiB in use)."""
    rows = (line.split() for line in path.read_text().splitlines())
    return [(float(at) - since, int(used) / 2**20) for at, used in rows]


def _witness(path: Path) -> None:
    with path.open("a", buffering=1) as file:
        while True:
            file.write(f"{time.monotonic()} {living_bytes()}\n")
            time.sleep(EVERY_S)


def main(path: Path, words: list[str]) -> None:
    """Become the shop, with the witness beside it."""
    spare_memory()  # as the shop does it, before the witness asks for memory
    threading.Thread(target=_witness, args=(path,), daemon=True).start()
    sys.argv = ["etalage", "serve", *words]
    runpy.run_module("etalage", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
