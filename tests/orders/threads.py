"""Many at once, on real connections to the real database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")


def all_at_once(calls: Sequence[Callable[[], T]], threads: int) -> list[T | Exception]:
    """Run the calls on that many threads, which set off together; an exception stands for itself."""
    start = Barrier(threads)

    def work(mine: Sequence[Callable[[], T]]) -> list[Any]:
        results: list[Any] = []
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            for call in mine:
                try:
                    results.append(call())
                except Exception as error:  # kept, and looked at by the test
                    results.append(error)
        finally:
            connection.close()
        return results

    with ThreadPoolExecutor(threads) as pool:
        shares = [list(calls[number::threads]) for number in range(threads)]
        return [result for share in pool.map(work, shares) for result in share]
