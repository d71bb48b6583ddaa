"""A running practice network for tests: the real program, on a free port, with its script and its ledger at hand.

def test_something(practice):                       # the fixture of `tests/networks/conftest.py`, or your own:
    shop = practice.open_account("maison_lune")     # (`with running_network(tmp_path) as practice: …`)
    practice.order("accepted_cut")                  # the next publish is accepted, then the connection dies
    …
    assert practice.ledger().count(marker) == 1
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from etalage.networks.base import Account, Mechanism
from tests.ending import with_parent

_numbers = itertools.count(1)


@dataclass(frozen=True)
class LedgerView:
    """What the network itself knows: every accepted publication, every attempt that reached it."""

    publications: list[dict[str, Any]]
    attempts: list[dict[str, Any]]

    def by_marker(self, marker: str) -> list[dict[str, Any]]:
        """All publications that carry this tracked link, withdrawn ones too."""
        return [entry for entry in self.publications if entry["marker"] == marker]

    def count(self, marker: str) -> int:
        """How often this publication went out."""
        return len(self.by_marker(marker))


class PracticeNetwork:
    """A hand on a running practice network."""

    def __init__(self, base_url: str, process: subprocess.Popen[str]) -> None:
        self.base_url = base_url
        self.process = process
        self.http = httpx.Client(base_url=base_url, timeout=60.0, trust_env=False)

    def open_account(
        self, handle: str = "", *, face: Mechanism = Mechanism.IDEMPOTENCY_KEY, **options: Any
    ) -> Account:
        """Register an account with this face; options: name, language, lag and key_seconds (seconds)."""
        handle = handle or f"shop_{next(_numbers)}"
        answer = self.http.post("/api/accounts", json={"handle": handle, "face": face, **options})
        answer.raise_for_status()
        data = answer.json()
        return Account("practice", self.base_url, data["token"], data["id"], data["handle"], face)

    def order(self, fault: str, **options: Any) -> None:
        """Order a fault: on, account, times (None: until cleared), skip, seconds, share, seed."""
        self.http.post("/script", json={"fault": fault, **options}).raise_for_status()

    def clear_orders(self) -> None:
        """Let everything work again."""
        self.http.delete("/script").raise_for_status()

    def change_account(self, handle: str, **options: Any) -> None:
        """Change face, lag, key_seconds, token_alive or may_write of an account."""
        self.http.post(f"/script/accounts/{handle}", json=options).raise_for_status()

    def let_somebody(self, kind: str, handle: str, status_id: str = "", **options: Any) -> dict[str, Any]:
        """Let a person comment, like, share, follow or mention now; options: author, text, language."""
        body = {"kind": kind, "handle": handle, "status_id": status_id, **options}
        answer = self.http.post("/script/acts", json=body)
        answer.raise_for_status()
        data: dict[str, Any] = answer.json()
        return data

    def ledger(self) -> LedgerView:
        """The network's own truth, now."""
        data = self.http.get("/ledger").raise_for_status().json()
        return LedgerView(data["publications"], data["attempts"])

    def stop(self) -> None:
        """End the program and wait for it."""
        self.http.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def start_network(
    folder: Path, *, port: int = 0, seed: int = 1, shop: str = "", pace: float = 0.0
) -> PracticeNetwork:
    """Start the practice network and wait until it can be reached; its log goes to `folder`/network.log."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "etalage.networks.practice.server", "--folder", str(folder)]
    command += ["--port", str(port), "--seed", str(seed), "--pace", str(pace), "--shop", shop]
    with (folder / "network.log").open("a") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=with_parent
        )
    assert process.stdout is not None
    address = process.stdout.readline().strip()  # the line comes when it listens, or never
    assert address.startswith("http://"), (folder / "network.log").read_text()
    return PracticeNetwork(address, process)


@contextmanager
def running_network(folder: Path, **options: Any) -> Iterator[PracticeNetwork]:
    """A practice network for the length of a `with` block; options as in `start_network`."""
    network = start_network(folder, **options)
    try:
        yield network
    finally:
        network.stop()


@pytest.fixture(scope="module")
def practice_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeNetwork]:
    """The program itself, one for a test module; its ledger grows from test to test."""
    with running_network(tmp_path_factory.mktemp("practice")) as network:
        yield network


@pytest.fixture
def practice(practice_program: PracticeNetwork) -> Iterator[PracticeNetwork]:
    """The program with no fault on order."""
    practice_program.clear_orders()
    yield practice_program
    practice_program.clear_orders()
