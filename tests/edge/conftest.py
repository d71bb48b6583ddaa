"""Fixtures of the edge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge.world import Running, Shop, running


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop without links."""
    return Shop(tmp_path)


@pytest.fixture
def edge(shop: Shop) -> Iterator[Running]:
    """The shop's edge, running."""
    with running(shop.config()) as started:
        yield started
