"""Deliveries while the database is away, or says nothing: who is known is let in, who is not comes again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from etalage.channels import hooks
from etalage.channels.items import key_of
from etalage.edge.journal import Journal
from etalage.edge.signatures import Verdict
from tests.channels.conftest import NewChannel
from tests.channels.delivering import SECRET, raw_of, running_shop, signed, with_secret
from tests.edge.world import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(folder: Path, settings: Settings) -> Iterator[str]:
    """The shop's edge, running; its address."""
    with running_shop(settings) as address:
        yield address


def test_while_the_database_is_away_the_known_secrets_serve_and_others_come_again(
    new_channel: NewChannel, shop: str, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = with_secret(new_channel())
    path, raw = f"/hooks/practice/{key_of(channel)}", raw_of(1)
    assert httpx.post(shop + path, content=raw, headers=signed(SECRET, raw)).status_code == 200

    def away() -> hooks.Memory:
        raise OSError("the database is away")

    monkeypatch.setattr(hooks, "read_hooks", away)
    monkeypatch.setattr(hooks, "FRESH_S", 0.0)
    monkeypatch.setattr(hooks, "ABSENT_S", 0.0)
    raw = raw_of(2)
    sent = signed(SECRET, raw)
    assert httpx.post(shop + path, content=raw, headers=sent).status_code == 200
    assert httpx.post(f"{shop}/hooks/practice/{'0' * 32}", content=raw, headers=sent).status_code == 503
    newer = signed("another secret", raw)
    assert httpx.post(shop + path, content=raw, headers=newer).status_code == 503, "it may be agreed by now"
    assert len(journal.pending()) == 2


def test_while_the_database_says_nothing_the_known_secrets_serve_and_others_come_again(
    new_channel: NewChannel, shop: str, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, real, speaks = with_secret(new_channel()), hooks.read_hooks, threading.Event()
    path, count = f"{shop}/hooks/practice/{key_of(channel)}", 0

    def told(address: str, secret: str = SECRET) -> tuple[int, float]:
        """What the sender hears, and after how many seconds."""
        nonlocal count
        count += 1
        raw, began = raw_of(count), time.monotonic()
        status = httpx.post(address, content=raw, headers=signed(secret, raw), timeout=60).status_code
        return status, time.monotonic() - began

    def silent() -> hooks.Memory:
        assert speaks.wait(60)
        return real()

    assert told(path)[0] == 200
    monkeypatch.setattr(hooks, "read_hooks", silent)
    monkeypatch.setattr(hooks, "FRESH_S", 0.0)
    monkeypatch.setattr(hooks, "LONGEST_WAIT_S", 3.0)
    try:
        status, seconds = told(path)
        assert (status, hooks.WAIT_S / 2 < seconds < 5 * hooks.WAIT_S) == (200, True), seconds
        status, seconds = told(path)
        assert (status, seconds < hooks.WAIT_S / 2) == (200, True), "nobody waits twice"
        assert told(f"{shop}/hooks/practice/{'0' * 32}")[0] == 503
        with_secret(channel, "another secret")
        assert told(path, "another secret")[0] == 503, "who comes too early for us is not refused for good"
        assert told(path)[0] == 200
    finally:
        speaks.set()
    until(lambda: told(path, "another secret")[0] == 200)
    until(lambda: told(path)[0] == 403)
    assert len(journal.pending()) == 5


def test_what_was_read_before_a_secret_was_agreed_refuses_nobody_for_good(
    new_channel: NewChannel, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, read, judge = with_secret(new_channel()), hooks.read_hooks, hooks.verdict
    path, begun, came, speaks = f"{shop}/hooks/practice/{key_of(channel)}", Event(), Event(), Event()

    def slow() -> hooks.Memory:
        found = read()
        begun.set()
        assert speaks.wait(60)
        return found

    def seen(*facts: Any) -> Verdict:
        came.set()
        return judge(*facts)

    def told(number: int, secret: str) -> int:
        raw = raw_of(number)
        return httpx.post(path, content=raw, headers=signed(secret, raw), timeout=60).status_code

    assert told(1, SECRET) == 200
    monkeypatch.setattr(hooks, "read_hooks", slow)
    monkeypatch.setattr(hooks, "FRESH_S", 0.0)
    monkeypatch.setattr(hooks, "ABSENT_S", hooks.WAIT_S / 10)
    with ThreadPoolExecutor(1) as pool:
        try:
            assert (told(2, SECRET), begun.is_set()) == (200, True)  # after `WAIT_S`
            with_secret(channel, "another secret")
            monkeypatch.setattr(hooks, "verdict", seen)
            heard = pool.submit(told, 3, "another secret")
            assert came.wait(60)
        finally:
            speaks.set()
        assert heard.result(timeout=60) == 200
    assert told(4, SECRET) == 403


def test_a_secret_that_was_taken_away_does_not_serve_because_a_second_reading_fails(
    new_channel: NewChannel, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, real, reads = with_secret(new_channel()), hooks.read_hooks, []
    path, raw = f"{shop}/hooks/practice/{key_of(channel)}", raw_of(1)

    def once() -> hooks.Memory:
        reads.append(1)
        if len(reads) > 1:
            raise OSError("the database is away")
        return real()

    assert httpx.post(path, content=raw, headers=signed(SECRET, raw)).status_code == 200
    with_secret(channel, "another secret")
    monkeypatch.setattr(hooks, "read_hooks", once)
    monkeypatch.setattr(hooks, "FRESH_S", 0.0)
    monkeypatch.setattr(hooks, "ABSENT_S", -1.0)  # each reading counts as begun too early
    assert httpx.post(path, content=raw, headers=signed(SECRET, raw)).status_code == 403
    assert len(reads) == 2


def test_a_database_that_is_away_is_not_asked_for_each_delivery(
    new_channel: NewChannel, shop: str, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, reads = f"/hooks/practice/{key_of(with_secret(new_channel()))}", []

    def away() -> hooks.Memory:
        reads.append(1)
        raise OSError("the database is away")

    monkeypatch.setattr(hooks, "FRESH_S", 0.5)
    with httpx.Client(base_url=shop) as client:
        raw = raw_of(0)
        assert client.post(path, content=raw, headers=signed(SECRET, raw)).status_code == 200
        monkeypatch.setattr(hooks, "read_hooks", away)
        began, number, after = time.monotonic(), 0, 0
        while after < 30:
            number, after = number + 1, after + bool(reads)
            raw = raw_of(number)
            assert client.post(path, content=raw, headers=signed(SECRET, raw)).status_code == 200
        assert len(reads) <= 1 + (time.monotonic() - began) / hooks.FRESH_S
    assert len(journal.pending(1000)) == number + 1
