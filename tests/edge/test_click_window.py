"""How many clicks a `kill -9` takes: those of the window that is stated, and none before it."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import httpx

from etalage.edge.clicks import LOSS_WINDOW_S
from tests.edge.test_durability import process
from tests.edge.world import PHONE, Shop, until

SEED = random.SystemRandom().randrange(2**32)
KILLS = 6
TAPPERS = 4


async def tap_until_killed(
    url: str, started: subprocess.Popen[bytes], kill: int, seconds: float
) -> tuple[dict[str, float], float]:
    """Tap without rest until the process is killed after `seconds`; when each tap was answered, and when it was killed.

    A tap is known by the host that it says to come from.
    """
    numbers = iter(range(10**6))
    answered: dict[str, float] = {}

    async def tapper(client: httpx.AsyncClient) -> None:
        while started.poll() is None:
            host = f"tap-{kill}-{next(numbers)}.example"
            headers = {"user-agent": PHONE, "referer": f"https://{host}/"}
            try:
                answer = await client.get("/l/VASE22", headers=headers)
            except httpx.TransportError:
                return
            assert answer.status_code == 302
            answered[host] = time.monotonic()

    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        tappers = [asyncio.create_task(tapper(client)) for _ in range(TAPPERS)]
        while not answered:
            await asyncio.sleep(0.005)
        await asyncio.sleep(seconds)
        killed_at = time.monotonic()
        started.send_signal(signal.SIGKILL)
        await asyncio.gather(*tappers)
    return answered, killed_at


def in_the_file(shop: Shop) -> set[str]:
    """The hosts of all taps that were committed."""
    with closing(sqlite3.connect(shop.folder / "clicks.sqlite3")) as file:
        return {host for (host,) in file.execute("SELECT referrer_host FROM click")}


def read_by_jobs(shop: Shop) -> set[str]:
    """The hosts of all taps that a job is given."""
    found, cursor, more = set(), "", True
    while more:
        page = shop.clicks.read_after(cursor)
        found |= {one.referrer_host for one in page.clicks}
        cursor, more = page.cursor, page.more
    return found


def test_a_kill_takes_the_clicks_of_the_stated_window_only(shop: Shop) -> None:
    shop.link("VASE22")
    chance = random.Random(SEED)
    taps, lost, oldest = 0, 0, 0.0
    for kill in range(KILLS):
        with process(shop.folder) as (started, url):
            seconds = chance.uniform(LOSS_WINDOW_S, 2 * LOSS_WINDOW_S)
            answered, killed_at = asyncio.run(tap_until_killed(url, started, kill, seconds))
        gone = {killed_at - answered[host] for host in answered.keys() - in_the_file(shop)}
        taps, lost, oldest = taps + len(answered), lost + len(gone), max([oldest, *gone])
    words = f"{lost} of {taps} taps lost over {KILLS} kills, the oldest {oldest:.3f} s before; seed {SEED}"
    print(words)
    assert taps > KILLS * 10, words
    assert oldest <= LOSS_WINDOW_S, words
    assert lost > 0, f"the control: nothing was on its way, so this measured nothing; {words}"
    with process(shop.folder):  # what was committed before a kill is counted once the program runs again
        until(lambda: read_by_jobs(shop) == in_the_file(shop))
