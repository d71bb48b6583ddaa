"""The connector, the real network, and a shop's account on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from etalage.networks import inside
from etalage.networks.base import Account, Connected
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.tests.program import Program, running
from tests.peers.bluesky import BlueskyNetwork, Person, bluesky, bluesky_program

__all__ = ["bluesky", "bluesky_program"]


@pytest.fixture
def network() -> BlueskyConnector:
    """The connector under test."""
    return BlueskyConnector()


@pytest.fixture
def shop(bluesky: BlueskyNetwork) -> Person:
    """The shop's own account, as its owner uses it in the network's apps."""
    return bluesky.join("lune")


@pytest.fixture
def account(network: BlueskyConnector, shop: Person) -> Account:
    """The same account, connected."""
    connected = network.connect(shop.server, shop.handle, shop.app_password)
    assert isinstance(connected, Connected), connected
    return connected.account


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A server that answers as it is told, named as one of our own."""
    with running() as program:
        monkeypatch.setattr(inside, "_origins", {program.address})
        yield program


@pytest.fixture
def told(program: Program) -> Account:
    """An account on it."""
    return Account("bluesky", program.address, "access", "did:plc:lune", "lune.test")
