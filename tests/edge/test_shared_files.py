"""One process writes, fetches and reads the same file, and other programs come and go: nothing is lost by that."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from etalage.edge.click_log import ClickLog
from etalage.edge.clicks import click_store
from etalage.edge.deliveries import Delivery, journal_store
from etalage.edge.journal import Journal
from etalage.edge.store import StoreUnavailable
from tests.edge.test_writer import a_click
from tests.edge.world import Shop, event, running

LOOK = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1])
print(file.execute("SELECT count(*) FROM delivery").fetchone()[0])
file.close()
"""


def delivery(number: int) -> Delivery:
    return Delivery(f"id-{number}", "practice", "key", f"delivery-{number}", number, "{}", b"{}")


def seen_by_another_program(path: Path) -> int:
    """Who closes a file last clears its log away; another program must see that we have it open still."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    return int(done.stdout)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """A folder on a disk, and the commands that take the disk away as `umount -l` does, and bring it back.

    Where nobody may mount, the folder is renamed, and an empty one stands in its place meanwhile.
    """
    disk, folder = tmp_path / "disk", tmp_path / "data"
    disk.mkdir()
    folder.mkdir()
    away, back = ["umount", "-l", str(folder)], ["mount", "--bind", str(disk), str(folder)]
    if subprocess.run(back, capture_output=True, check=False).returncode == 0:
        yield folder, away, back
        subprocess.run(away, check=False)
        return
    script = f"mv {folder} {disk}/kept && mkdir {folder}", f"rm -r {folder} && mv {disk}/kept {folder}"
    yield folder, ["sh", "-c", script[0]], ["sh", "-c", script[1]]


def test_a_disk_that_goes_away_leaves_nothing_acknowledged_in_the_folder_below_it(
    mounted: tuple[Path, list[str], list[str]],
) -> None:
    """The folder that it was mounted on takes files too, and hides them for ever once the disk is back."""
    folder, away, back = mounted
    shop = Shop(folder)
    with running(shop.config(min_free_bytes=0)) as edge:
        assert edge.deliver(event(1), "d-1").status_code == 200
        with closing(sqlite3.connect(folder / "journal.sqlite3")) as file:
            file.execute("ALTER TABLE delivery RENAME TO elsewhere")
            assert edge.deliver(event(2), "d-2").status_code == 503, "the file was let go"
            file.execute("ALTER TABLE elsewhere RENAME TO delivery")
        assert len(shop.journal.pending()) == 1, "and a job has read it"
        subprocess.run(away, check=True)
        assert edge.deliver(event(3), "d-3").status_code == 503
        with pytest.raises(StoreUnavailable):  # what a job fetches
            shop.journal.keep([delivery(4)], min_free_bytes=0)
        assert not list(folder.glob("journal*"))
        subprocess.run(back, check=True)
        assert edge.deliver(event(5), "d-5").status_code == 200
    assert [kept.delivery_id for kept in shop.journal.pending()] == ["d-1", "d-5"]


def test_what_is_in_another_place_is_not_written_on_also_where_no_write_has_failed(tmp_path: Path) -> None:
    """Clicks and deliveries alike; a file that is there and another one is none of ours either."""
    folder, hidden = tmp_path / "data", tmp_path / "hidden"
    folder.mkdir()
    store = click_store(folder / "clicks.sqlite3")
    assert store.write([a_click(1)]) == 1
    folder.rename(hidden)
    folder.mkdir()
    with pytest.raises(StoreUnavailable):
        store.write([a_click(2)])
    assert not list(folder.iterdir())
    other = click_store(folder / "clicks.sqlite3")
    other.write([a_click(3)])
    other.close()
    with pytest.raises(StoreUnavailable, match="another file"):
        store.write([a_click(4)])
    folder.rename(tmp_path / "other")
    hidden.rename(folder)
    assert store.write([a_click(5)]) == 1
    store.close()
    assert [click.code for click in ClickLog(folder / "clicks.sqlite3").read_after().clicks] == [
        "CODE1",
        "CODE5",
    ]


def test_a_second_writer_in_the_same_process_gives_up_none_of_the_first_s_locks(tmp_path: Path) -> None:
    """POSIX forgets all locks of a process on a file as soon as it closes any of its descriptors of that file."""
    path = tmp_path / "journal.sqlite3"
    writer = journal_store(path)
    assert writer.write([delivery(1)]) == 1
    assert Journal(path).keep([delivery(2)], min_free_bytes=0) == 1  # what a job fetched
    assert seen_by_another_program(path) == 2
    assert writer.write([delivery(3)]) == 1  # and this is acknowledged
    assert len(Journal(path).pending()) == 3
    assert seen_by_another_program(path) == 3
    writer.close()
