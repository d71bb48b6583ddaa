"""Killed, starved of room and stopped: what was acknowledged is there."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from etalage.edge.listener import bind
from tests.edge.world import PHONE, Shop, event, signed, until

SEED = random.SystemRandom().randrange(2**32)
HOOK = "/hooks/practice/good"
ROUNDS = 5


@contextmanager
def process(folder: Path, kind: str = "edge") -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """An edge of its own with its address; dead at the end, whatever happens."""
    with bind("127.0.0.1", 0) as listener:  # the child alone keeps it, so that a kill is felt at once
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "tests.edge.shop_process", str(folder), str(listener.fileno()), kind]
        started = subprocess.Popen(command, pass_fds=[listener.fileno()], cwd=Path(__file__).parents[2])
    try:
        yield started, url
    finally:
        started.kill()
        started.wait()


async def deliver_until_killed(
    url: str, started: subprocess.Popen[bytes], first: int, kill_after: int
) -> list[str]:
    """Eight senders deliver until the process is killed in the middle; return what was acknowledged."""
    numbers = iter(range(first, first + 10**6))
    acknowledged: list[str] = []

    async def sender(client: httpx.AsyncClient) -> None:
        while started.poll() is None:
            number = next(numbers)
            raw = event(number)
            try:
                answer = await client.post(HOOK, content=raw, headers=signed(raw, f"d-{number}"))
            except httpx.TransportError:
                return  # not acknowledged: a real sender would come again
            assert answer.status_code == 200
            acknowledged.append(f"d-{number}")
            if len(acknowledged) == kill_after:
                started.send_signal(signal.SIGKILL)

    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await asyncio.gather(*(sender(client) for _ in range(8)))
    return acknowledged


def lost_over_kills(folder: Path, kind: str, stored: str) -> tuple[int, int]:
    """Kill the process `ROUNDS` times under load; return how many were acknowledged and how many of them are
    gone.
    """
    chance = random.Random(SEED)
    acknowledged: list[str] = []
    for kill in range(ROUNDS):
        with process(folder, kind) as (started, url):
            after = chance.randint(20, 120)
            acknowledged += asyncio.run(deliver_until_killed(url, started, kill * 10**6, after))
    with closing(sqlite3.connect(folder / stored)) as db:
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
        kept = [row[0] for row in db.execute("SELECT delivery_id FROM delivery")]
    assert len(kept) == len(set(kept)), "nothing is doubled"
    return len(acknowledged), len(set(acknowledged) - set(kept))


def test_what_was_acknowledged_survives_kill_9(shop: Shop) -> None:
    acknowledged, lost = lost_over_kills(shop.folder, "edge", "journal.sqlite3")
    assert acknowledged >= ROUNDS * 20, f"seed {SEED}"
    assert lost == 0, f"seed {SEED}"


def test_the_same_kills_do_lose_what_a_hasty_intake_acknowledged(shop: Shop) -> None:
    acknowledged, lost = lost_over_kills(shop.folder, "hasty", "hasty.sqlite3")
    assert acknowledged >= ROUNDS * 20, f"seed {SEED}"
    assert lost > 0, f"the control must show that these kills can be seen; seed {SEED}"


def test_clicks_that_were_committed_survive_kill_9(shop: Shop) -> None:
    shop.link("VASE22")
    with process(shop.folder) as (started, url):
        with httpx.Client(base_url=url, timeout=30) as client:
            for _ in range(30):
                assert client.get("/l/VASE22", headers={"user-agent": PHONE}).status_code == 302
        until(lambda: len(shop.clicks.read_after().clicks) == 30)
        started.send_signal(signal.SIGKILL)
        started.wait()
    assert len(shop.clicks.read_after().clicks) == 30


def test_a_full_disk_answers_503_loses_nothing_and_comes_back_by_itself(shop: Shop) -> None:
    with process(shop.folder) as (started, url), httpx.Client(base_url=url, timeout=30) as client:
        until(lambda: client.get("/edge/health").status_code == 200)
        _, hard = resource.prlimit(started.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(started.pid, resource.RLIMIT_FSIZE, (600_000, hard))  # no file may grow beyond it
        acknowledged, refused = [], 0
        for number in range(60):
            raw = event(number) + b" " * 50_000
            status = client.post(HOOK, content=raw, headers=signed(raw, f"d-{number}")).status_code
            acknowledged += [f"d-{number}"] if status == 200 else []
            refused += status == 503
        assert (len(acknowledged) + refused, refused > 0, len(acknowledged) > 0) == (60, True, True)
        resource.prlimit(started.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert client.post(HOOK, content=raw, headers=signed(raw, "afterwards")).status_code == 200
    kept = {delivery.delivery_id for delivery in shop.journal.pending()}
    assert kept == {*acknowledged, "afterwards"}


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_stop_writes_everything_and_ends(shop: Shop, stop: signal.Signals) -> None:
    shop.link("VASE22")
    with process(shop.folder) as (started, url):
        with httpx.Client(base_url=url, timeout=30) as client:
            for number in range(20):
                assert client.get("/l/VASE22", headers={"user-agent": PHONE}).status_code == 302
                raw = event(number)
                assert client.post(HOOK, content=raw, headers=signed(raw, f"d-{number}")).status_code == 200
        os.kill(started.pid, stop)
        started.wait(120)
    assert len(shop.clicks.read_after().clicks) == 20
    assert len(shop.journal.pending()) == 20
