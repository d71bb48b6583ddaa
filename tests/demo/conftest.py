"""A small demo shop, made once per module beside a practice network of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.test import override_settings

from etalage.demo.network import PracticeNetwork
from etalage.demo.past import SMALL
from etalage.demo.pictures import Drawer
from etalage.demo.seed import Seeded, seed_shop
from etalage.kit import clock


@dataclass(frozen=True)
class Demo:
    """A seeded shop and its network."""

    seeded: Seeded
    network: PracticeNetwork
    media: Path

    def ledger(self) -> list[dict[str, Any]]:
        """What the network itself says that stands on it."""
        answer = httpx.get(f"{self.network.address}/ledger", trust_env=False).raise_for_status()
        return list(answer.json()["publications"])


@contextmanager
def made_in(folder: Path, *, seed: int = 7, now: datetime | None = None) -> Iterator[Demo]:
    """Seed into the test database; everything is rolled back and ended afterwards."""
    # Through the signal, because the storage remembers the folder that it was first asked for.
    moved = override_settings(MEDIA_ROOT=folder / "media")
    moved.enable()
    network = PracticeNetwork(folder / "practice", 0, seed, "http://localhost:8000")
    drawer = Drawer(folder / "media", seed, SMALL.products)
    try:
        network.wait()
        with transaction.atomic():
            seeded = seed_shop(
                network, drawer, seed=seed, now=now or clock.now(), scale=SMALL, say=lambda line: None
            )
            yield Demo(seeded, network, folder / "media")
            transaction.set_rollback(True)
    finally:
        network.stop()
        drawer.stop()
        moved.disable()


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """The small shop of seed 7, made now."""
    with django_db_blocker.unblock(), made_in(tmp_path_factory.mktemp("demo")) as made:
        yield made


SUNDAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
