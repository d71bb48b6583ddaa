"""A real file system that fills up: intake says 503 before anything fails, and takes again by itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from etalage.edge.config import MIB
from etalage.edge.deliveries import Delivery
from etalage.edge.store import StoreUnavailable
from etalage.kit.ids import uuid7
from tests.edge.world import Shop, event, running, until


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """24 MiB of memory as a disk of its own. Who may not mount one skips; fails where CI is set."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "etalage-test", str(folder)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_nearly_full_is_told_before_it_fails_and_it_comes_back_by_itself(small_disk: Path) -> None:
    shop = Shop(small_disk)
    shop.link("VASE22")
    ballast = small_disk / "pictures of the shop"
    with running(shop.config(min_free_bytes=8 * MIB)) as edge:
        assert edge.deliver(event(1), "d-1").status_code == 200
        ballast.write_bytes(b"x" * 18 * MIB)
        until(lambda: edge.client.get("/edge/health").status_code == 503)
        answers = [edge.deliver(event(number), f"d-{number}") for number in range(2, 60)]
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} == {"10"}
        assert edge.tap("/l/VASE22").status_code == 302, "who clicked goes where the link leads"
        report = edge.edge.report()["deliveries"]
        assert (report["failures"], report["lost"]) == (0, 0), "nothing was tried that could fail"
        fetched = Delivery(uuid7().hex, "practice", "good", "item:like:1", 1, "{}", b"x")
        with pytest.raises(StoreUnavailable):
            shop.journal.keep([fetched], min_free_bytes=8 * MIB)
        ballast.unlink()
        until(lambda: edge.client.get("/edge/health").status_code == 200)
        assert edge.deliver(event(2), "d-2").status_code == 200
    assert [kept.delivery_id for kept in shop.journal.pending()] == ["d-1", "d-2"]
