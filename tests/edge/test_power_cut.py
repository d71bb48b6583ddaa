"""What a power cut takes of the clicks was never read: no number behind a cursor is given out again."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from etalage.edge.click_log import ClickLog
from etalage.edge.clicks import Click, click_store
from etalage.kit.ids import uuid7


def clicks(count: int) -> list[Click]:
    return [
        Click(uuid7().hex, "VASE22", "0" * 32, number, "", None, "GET", "link", False, "", "")
        for number in range(count)
    ]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("clicks.sqlite3*") if not path.name.endswith("-shm")]


def cut_power(folder: Path, durable: Path) -> None:
    """The files are again as they were when they were synced last."""
    for path in folder.glob("clicks.sqlite3*"):
        path.unlink()
    for path in files(durable):
        shutil.copy(path, folder)


def drain(folder: Path, *, hastily: bool) -> tuple[set[str], set[str]]:
    """Read, lose the power, write and read on; what was written afterwards, and what of it was read."""
    log, durable = ClickLog(folder / "clicks.sqlite3"), folder / "durable"
    durable.mkdir()
    store = click_store(log._path)
    store.open()
    store.write(clicks(5))
    store.settle()
    for path in files(folder):
        shutil.copy(path, durable)
    store.write(clicks(5))  # committed, and not synced yet
    cursor = read_all(log._path) if hastily else log.read_after().cursor
    store._let_go()
    cut_power(folder, durable)
    store = click_store(log._path)
    store.open()
    later = clicks(5)
    store.write(later)
    store.settle()
    seen = {click.id for click in log.read_after(cursor).clicks}
    store.close()
    return {click.id for click in later}, seen


def read_all(path: Path) -> str:
    """A reader that believes whatever is committed; its cursor."""
    with closing(sqlite3.connect(path)) as db:
        (epoch,) = db.execute("SELECT epoch FROM file_epoch").fetchone()
        (last,) = db.execute("SELECT max(seq) FROM click").fetchone()
    return f"{epoch}.{last}"


def test_clicks_after_a_power_cut_are_all_read(tmp_path: Path) -> None:
    written, seen = drain(tmp_path, hastily=False)
    assert seen == written


def test_a_hasty_reader_does_miss_them(tmp_path: Path) -> None:
    """The control: numbers are given out again behind its cursor."""
    written, seen = drain(tmp_path, hastily=True)
    assert written - seen


def test_what_a_killed_process_had_written_is_read_after_the_next_start(tmp_path: Path) -> None:
    log = ClickLog(tmp_path / "clicks.sqlite3")
    store = click_store(log._path)
    store.write(clicks(3))
    store._let_go()  # killed: nothing was settled
    assert log.read_after().clicks == ()
    store = click_store(log._path)
    store.open()
    store.close()
    assert len(log.read_after().clicks) == 3
