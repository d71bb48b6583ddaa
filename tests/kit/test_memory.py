"""Threads that came and went leave little memory behind: each by turns fills a heap, as the threads of requests do."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from etalage.kit.memory import share_heaps
if sys.argv[1] == "shared":
    assert share_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
heaps, lock, meet = set(), threading.Lock(), threading.Barrier(12)
def work():
    at = libc.malloc(2000)
    with lock:
        heaps.add(at >> 26)  # heaps of threads are 64 MiB apart
    meet.wait()
    libc.free(at)
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(heaps))
"""


def heaps(kind: str) -> int:
    """In how many heaps twelve threads at once find their memory."""
    words = [sys.executable, "-c", PROGRAM, kind]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="is about the GNU C library")
def test_threads_share_heaps_where_they_would_each_have_one() -> None:
    assert heaps("shared") <= 2
    assert heaps("each") > 2, "the control: without it, heaps are many"
