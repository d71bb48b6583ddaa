"""A database of links that says nothing at all, or fails: who taps on a known link is not the one who waits."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from etalage.edge.links import Link, LinkMemory, LinksUnavailable
from etalage.edge.reader import CLOSE_S
from tests.edge.world import Shop, running, until

WAIT_S = 0.6
VASE, SHELF = Link("VASE22", "/shop/vase/", None, "1" * 32), Link("SHELF2", "/shop/shelf/", None, "2" * 32)
HANGING_PROGRAM = """
import asyncio, threading
from etalage.edge.reader import Reader

async def main():
    reader = Reader("hangs")
    reader.read(threading.Event().wait)
    await asyncio.to_thread(reader.close, wait_s=0.1)

asyncio.run(main())
"""


class Silent:
    """A source that answers, says nothing, or fails."""

    def __init__(self) -> None:
        self.links = {link.code: link for link in (VASE, SHELF)}
        self.speaks, self.fails, self.takes_s = threading.Event(), False, 0.0
        self.speaks.set()
        self.asked: list[str] = []

    def find(self, code: str) -> Link | None:
        self.asked.append(code)
        assert self.speaks.wait(60)
        time.sleep(self.takes_s)
        if self.fails:
            raise LinksUnavailable("gone")
        return self.links.get(code)

    def close(self) -> None:
        """There is nothing to give back."""


@pytest.fixture
def source() -> Iterator[Silent]:
    made = Silent()
    yield made
    made.speaks.set()


async def knowing(source: Silent, *, fresh_s: float = 0.0, **more: Any) -> LinkMemory[Link]:
    """A memory that knows both links, from just before `fresh_s`."""
    memory = LinkMemory[Link](source, lambda link: link, fresh_s=fresh_s, absent_s=0.0, wait_s=WAIT_S, **more)
    assert (await memory.find("VASE22"), await memory.find("SHELF2")) == (VASE, SHELF)
    await asyncio.sleep(fresh_s)
    source.asked.clear()
    return memory


async def took(memory: LinkMemory[Link], code: str, expected: Link) -> float:
    """Seconds until this link was found."""
    began = time.monotonic()
    assert await asyncio.wait_for(memory.find(code), 30) == expected
    return time.monotonic() - began


def test_known_links_are_followed_while_the_database_says_nothing_and_others_wait(source: Silent) -> None:
    async def story() -> None:
        memory = await knowing(source)
        source.speaks.clear()
        assert WAIT_S / 2 < await took(memory, "VASE22", VASE) < 5 * WAIT_S
        for code, link in (("SHELF2", SHELF), ("VASE22", VASE)):
            assert await took(memory, code, link) < WAIT_S / 2, "nobody waits twice"
        stranger = asyncio.create_task(memory.find("NOBODY"))
        await asyncio.sleep(2 * WAIT_S)
        assert not stranger.done(), "what is not known is not called unknown"
        assert memory.unanswered == 3
        source.links["VASE22"] = withdrawn = replace(VASE, status="withdrawn")
        source.speaks.set()
        assert await stranger is None
        assert await memory.find("VASE22") == withdrawn
        memory.close()

    asyncio.run(story())


def test_known_links_are_followed_and_read_anew_also_when_too_many_wait(source: Silent) -> None:
    async def story() -> None:
        memory = await knowing(source, waiting=2)
        source.speaks.clear()
        strangers = [asyncio.create_task(memory.find(f"MADEUP{number}")) for number in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(LinksUnavailable):
            await memory.find("MADEUP3")
        assert await took(memory, "VASE22", VASE) < 5 * WAIT_S
        source.speaks.set()
        assert await asyncio.gather(*strangers) == [None, None]
        while "VASE22" not in source.asked:
            await asyncio.sleep(0.01)
        memory.close()

    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_long_line_of_made_up_codes_is_no_silence(source: Silent) -> None:
    """Else whoever makes up codes keeps a withdrawn link alive."""

    async def story() -> None:
        memory = await knowing(source)
        source.takes_s = WAIT_S / 10
        strangers = [asyncio.create_task(memory.find(f"MADEUP{number}")) for number in range(200)]
        source.links["VASE22"] = withdrawn = replace(VASE, status="withdrawn")
        while len(source.asked) < 15:  # the others have waited for longer than `WAIT_S`
            await asyncio.sleep(0.01)
        assert await memory.find("VASE22") == withdrawn
        assert not all(stranger.done() for stranger in strangers), "it does not stand behind them"
        source.takes_s = 0.0
        assert await asyncio.gather(*strangers) == [None] * 200
        memory.close()

    asyncio.run(asyncio.wait_for(story(), 60))


def test_made_up_codes_push_no_link_out(source: Silent) -> None:
    async def story() -> None:
        memory = await knowing(source, fresh_s=0.0, size=2, absent_size=2)
        for number in range(5):
            assert await memory.find(f"MADEUP{number}") is None
        source.fails = True
        assert (await memory.find("VASE22"), await memory.find("SHELF2")) == (VASE, SHELF)
        source.fails = False
        del source.links["VASE22"]
        assert await memory.find("VASE22") is None
        memory.close()

    asyncio.run(story())


def test_a_failure_is_remembered_and_the_database_is_asked_again_later(source: Silent) -> None:
    async def story() -> None:
        memory = await knowing(source, fresh_s=1.0)
        source.fails = True
        for _ in range(10):
            assert (await memory.find("VASE22"), await memory.find("SHELF2")) == (VASE, SHELF)
        assert source.asked == ["VASE22"], "else each code costs the failure again"
        source.fails = False
        source.links["SHELF2"] = withdrawn = replace(SHELF, status="withdrawn")
        await asyncio.sleep(1.0)
        assert await memory.find("SHELF2") == withdrawn
        memory.close()

    asyncio.run(story())


def test_an_answer_ends_the_time_in_which_nobody_asks(source: Silent) -> None:
    """Else a database that fails now and then would let withdrawn links live."""

    async def story() -> None:
        memory = await knowing(source, fresh_s=1.0)
        source.fails = True
        assert await memory.find("VASE22") == VASE
        source.fails = False
        assert await memory.find("NOBODY") is None
        source.links["VASE22"] = withdrawn = replace(VASE, status="withdrawn")
        assert await memory.find("VASE22") == withdrawn
        memory.close()

    asyncio.run(story())


def test_one_failure_answers_all_who_waited_for_it(source: Silent) -> None:
    async def story() -> None:
        memory = LinkMemory[Link](source, lambda link: link)
        source.speaks.clear()
        strangers = [asyncio.create_task(memory.find(f"MADEUP{number}")) for number in range(20)]
        await asyncio.sleep(0)
        source.fails = True
        source.speaks.set()
        for stranger in strangers:
            with pytest.raises(LinksUnavailable):
                await stranger
        assert source.asked == ["MADEUP0"]
        source.fails = False
        assert await memory.find("MADEUP1") is None, "the next one asks again"
        memory.close()

    asyncio.run(story())


def test_what_was_known_too_long_ago_serves_no_more(source: Silent) -> None:
    async def story() -> None:
        memory = await knowing(source, stale_s=0.05)
        await asyncio.sleep(0.05)
        source.fails = True
        with pytest.raises(LinksUnavailable):
            await memory.find("VASE22")
        memory.close()

    asyncio.run(story())


def test_the_edge_answers_and_ends_while_its_database_says_nothing(shop: Shop, source: Silent) -> None:
    with running(shop.config(links=source)) as edge:
        assert edge.tap("/l/VASE22").headers["location"] == "/shop/vase/?l=VASE22"
        source.speaks.clear()
        began = time.monotonic()
        until(lambda: edge.tap("/l/VASE22") and edge.edge.report()["links"]["unanswered"] > 0)
        assert edge.tap("/l/VASE22").headers["location"] == "/shop/vase/?l=VASE22"
        assert time.monotonic() - began < 6
        began = time.monotonic()
    assert time.monotonic() - began < CLOSE_S + 3


def test_a_program_ends_although_a_reading_hangs() -> None:
    subprocess.run([sys.executable, "-c", HANGING_PROGRAM], check=True, timeout=20)
