"""Every list and results page of a shop with 100,000 orders and 5,000 posts, against one with 1,000 and 50.

Each shop lives in a data folder of its own and is served by a process of its own; pages are asked for by turns,
through Django's whole stack except the network. The time is that of the server alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median
from typing import Any

from benchmarks.measure import Figure, Timing, ratio, timed
from benchmarks.pages_data import Scale, Shop, middle_post

SMALL, LARGE = Scale(orders=1_000, posts=50), Scale(orders=100_000, posts=5_000)
ROUNDS = 9
AIM = 1.5
#: Pages that one gets to from a list: other filters, other groupings, a place far down.
BEYOND = {
    "posts, far down": "/posts/?after={middle}",
    "posts, published": "/posts/?status=published",
    "posts, a word": "/posts/?words=window",
    "calendar, a week": "/calendar/?view=week",
    "campaigns": "/campaigns/",
    "promotion codes": "/codes/",
    "reservations, waiting": "/reservations/?state=open",
    "customers, a word": "/customers/?q=customer",
    **{
        f"results by {by}": f"/results/?by={by}"
        for by in ("publication", "channel", "campaign", "product", "store")
    },
    "results of 90 days": "/results/?period=90d",
    "results in five ways": "/results/models/",
    "audit trail": "/settings/trail/",
}


@dataclass(frozen=True)
class Served:
    """A shop's process: write an address, read how long its page took and its status."""

    pipe: Any
    pages: dict[str, str]

    def time(self, name: str) -> Timing:
        """Ask for a page once. Raises RuntimeError for one that is not there."""
        self.pipe.send(self.pages[name])
        timing, status = self.pipe.recv()
        if status != 200:
            raise RuntimeError(f"{self.pages[name]} answered {status}")
        return timing


@contextmanager
def served(scale: Scale) -> Iterator[Served]:
    """Make a shop of this scale and serve it until the end."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as folder:
        process = context.Process(target=_serve, args=(theirs, folder, scale))
        process.start()
        theirs.close()
        try:
            yield Served(ours, ours.recv())
        except EOFError:
            raise RuntimeError("the shop's process failed; its error is above") from None
        finally:
            ours.close()
            process.join()


def _serve(pipe: Any, folder: str, scale: Scale) -> None:
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {
        "ETALAGE_DATA": folder,
        "ETALAGE_SECRET_KEY": "only-for-a-benchmark" + "x" * 40,
        "ETALAGE_SECRET_KEYS": "only-for-a-benchmark" + "y" * 40,
        "DJANGO_SETTINGS_MODULE": "etalage.settings",
    }
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    shop = Shop(scale)
    shop.fill()
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(shop.owner, backend="django.contrib.auth.backends.ModelBackend")
    pipe.send(_pages(shop))
    while True:
        try:
            address = pipe.recv()
        except EOFError:
            return
        statuses: list[int] = []
        pipe.send((timed(lambda: statuses.append(browser.get(address).status_code)), statuses[-1]))  # noqa: B023


def _pages(shop: Shop) -> dict[str, str]:
    """Every page of the navigation that the owner sees, and those beyond."""
    from etalage.web.navigation import items_for

    pages = {str(item.label).lower(): item.url for item in items_for(shop.owner, "/")}
    return pages | {name: address.format(middle=middle_post()) for name, address in BEYOND.items()}


def run() -> list[Figure]:
    """The figures of the pages: server time of the large shop to that of the small one, each the median of pairs."""
    with served(SMALL) as small, served(LARGE) as large:
        figures = []
        for name in small.pages:
            for shop in (small, large):
                shop.time(name)
            pairs = [_pair(small, large, name, turn) for turn in range(ROUNDS)]
            ours, theirs = [pair[1] for pair in pairs], [pair[0] for pair in pairs]
            told = f"{_millis(ours)} to {_millis(theirs)}"
            figures.append(Figure(f"{name}, large / small", told, ratio(ours, theirs), AIM))
    return figures


def _pair(small: Served, large: Served, name: str, turn: int) -> tuple[Timing, Timing]:
    """Both shops once, every other turn the other way round."""
    if turn % 2:
        second = large.time(name)
        return small.time(name), second
    return small.time(name), large.time(name)


def _millis(timings: list[Timing]) -> str:
    return f"{1000 * median(timing.wall for timing in timings):.1f} ms"
