"""The real program on a free port, and small things to publish."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from etalage.networks.practice.connector import PracticeConnector
from tests.practice_network import practice, practice_program

__all__ = ["network", "practice", "practice_program"]


@pytest.fixture
def network() -> PracticeConnector:
    """The connector under test."""
    return PracticeConnector()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens: it is held without listening, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
