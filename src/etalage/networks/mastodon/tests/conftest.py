"""Servers to speak to: a small fake for faults, a real small server, a real big one's recorded answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from etalage.networks.base import Account, Mechanism
from etalage.networks.mastodon.connector import MastodonConnector
from tests.peers import mastodon as peers


class Fake:
    """A hand on the fake instance."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = httpx.Client(base_url=origin, trust_env=False)

    def account(self, mechanism: Mechanism = Mechanism.IDEMPOTENCY_KEY) -> Account:
        """The shop's account there."""
        host = self.origin.partition("://")[2]
        return Account("mastodon", self.origin, "read write", "1", f"lune@{host}", mechanism)

    def order(self, on: str, **fault: Any) -> None:
        """Order a fault: times, accepted, cut, half, status, headers, body."""
        self._post("/--fault", {"on": on, **fault})

    def notify(self, *rows: dict[str, Any]) -> None:
        """Let notifications come in, oldest first."""
        self._post("/--notify", list(rows))

    def stream(self, at: str = "here") -> None:
        """Offer a stream at this address: its own unless another is given."""
        self._post("/--stream", {"at": at})

    def hang_up(self) -> None:
        """End the streams that are open."""
        self._post("/--hang-up", None)

    def forget(self) -> None:
        """Let nothing have happened."""
        self._post("/--forget", None)

    def ledger(self) -> list[dict[str, Any]]:
        """Every status ever accepted."""
        return list(self._get()["statuses"])

    def gone(self) -> list[str]:
        """The ids that were taken away."""
        return list(self._get()["gone"])

    def asked(self, path: str) -> list[dict[str, Any]]:
        """The requests to a path, so far."""
        return [one for one in self._get()["asked"] if one["path"].split("?")[0] == path]

    def _get(self) -> Any:
        return self.http.get("/--ledger").json()

    def _post(self, path: str, body: Any) -> None:
        self.http.post(path, content=json.dumps(body)).raise_for_status()  # ASCII: halves of signs go through


@contextmanager
def running_fake(software: str) -> Iterator[Fake]:
    """A fake instance of its own for the length of a `with` block."""
    command = [sys.executable, "-m", "etalage.networks.mastodon.tests.fake_instance", software]
    with peers.program(*command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        origin = process.stdout.readline().strip()
        assert origin.startswith("http://")
        fake = Fake(origin)
        with peers.allowed(origin), fake.http:
            yield fake


@pytest.fixture(scope="module")
def fake_program() -> Iterator[Fake]:
    """The program, one for a test module."""
    with running_fake("mastodon") as running:
        yield running


@pytest.fixture(scope="module")
def keyless_program() -> Iterator[Fake]:
    """Another one, one for a test module."""
    with running_fake("like-mastodon") as running:
        yield running


@pytest.fixture
def fake(fake_program: Fake) -> Fake:
    """An instance that says it is Mastodon and honours keys; nothing has happened there."""
    fake_program.forget()
    return fake_program


@pytest.fixture
def keyless(keyless_program: Fake) -> Fake:
    """An instance that only speaks Mastodon's API and honours no key; nothing has happened there."""
    keyless_program.forget()
    return keyless_program


@pytest.fixture
def network() -> MastodonConnector:
    """The connector under test."""
    return MastodonConnector(read_seconds=10, write_seconds=10)


@pytest.fixture(scope="module")
def snac(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.SmallServer]:
    """A real server, one for a test module."""
    with peers.small_server(tmp_path_factory.mktemp("snac")) as running:
        yield running
