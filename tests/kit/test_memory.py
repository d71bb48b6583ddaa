"""Threads that came and went leave little memory behind: each by turns fills a heap, as the threads of requests do."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from etalage.kit.memory import spare_memory
if sys.argv[1] == "shared":
    assert spare_memory()
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
def test_threads_spare_memory_where_they_would_each_have_one() -> None:
    assert heaps("shared") <= 2
    assert heaps("each") > 2, "the control: without it, heaps are many"


LIBRARY = """
import ctypes, sys
from etalage.kit.memory import give_back, spare_memory
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20
def come_and_go(number, size):
    pieces = []
    for _ in range(number):
        piece = libc.malloc(size)
        libc.memset(piece, 1, size)
        pieces.append((piece, libc.malloc(200)))
    for piece, _stays in pieces:
        libc.free(piece)
"""
LARGE = """
if sys.argv[1] == "asked":
    assert spare_memory()
libc.free(libc.malloc(24 << 20))  # from now on the library thinks that pieces of this size come and go
before = resident()
come_and_go(40, 1 << 20)
print(resident() - before)
"""
BETWEEN = """
assert spare_memory()
before = resident()
come_and_go(2730, 15 << 10)
if sys.argv[1] == "asked":
    assert give_back()
print(resident() - before)
"""


def kept(kind: str, program: str) -> int:
    """The MiB that a program still has of forty that it freed, with something small kept above each piece."""
    words = [sys.executable, "-c", LIBRARY + program, kind]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="is about the GNU C library")
def test_large_pieces_go_back_to_the_system() -> None:
    assert kept("asked", LARGE) < 5
    assert kept("not asked", LARGE) > 20, "the control: what lies above keeps them"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="is about the GNU C library")
def test_what_is_free_between_things_that_stay_goes_back_when_asked() -> None:
    assert kept("asked", BETWEEN) < 20, "parts of pages at both ends of a piece stay"
    assert kept("not asked", BETWEEN) > 30, "the control: all of it stays"
