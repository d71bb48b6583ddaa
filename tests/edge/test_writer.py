"""The group writer: order, patience with a sick disk, and the window that a power cut may take."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from etalage.edge.click_log import ClickLog
from etalage.edge.clicks import Click, click_store
from etalage.edge.store import StoreUnavailable
from etalage.edge.writer import GroupWriter, WriterFull
from etalage.kit.ids import uuid7
from tests.edge.world import until


def a_click(number: int) -> Click:
    return Click(uuid7().hex, f"CODE{number}", "0" * 32, number, "", None, "GET", "link", False, "", "")


def writer_for(path: Path, *, capacity: int = 1000, settle_s: float | None = None) -> GroupWriter[Click]:
    return GroupWriter(click_store(path), name="test", capacity=capacity, settle_s=settle_s)


def codes(path: Path) -> list[str]:
    return [click.code for click in ClickLog(path).read_after(limit=10_000).clicks]


def settled(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT settled FROM file_epoch").fetchone()[0])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clicks.sqlite3"


def test_everything_offered_before_the_stop_is_written_in_order(path: Path) -> None:
    writer = writer_for(path, capacity=5000)
    writer.start()
    assert all(writer.offer(a_click(number)) for number in range(3000))
    writer.stop()
    assert codes(path) == [f"CODE{number}" for number in range(3000)]
    assert (writer.tally.written, writer.tally.lost, writer.waiting) == (3000, 0, 0)


def test_before_the_start_and_after_the_stop_nothing_is_taken(path: Path) -> None:
    writer = writer_for(path)
    assert not writer.offer(a_click(1))
    writer.start()
    writer.stop()
    assert not writer.offer(a_click(2))
    with pytest.raises(WriterFull):
        asyncio.run(writer.commit(a_click(3)))
    assert (writer.tally.dropped, codes(path)) == (3, [])


def test_a_folder_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    writer = writer_for(tmp_path / "nowhere" / "clicks.sqlite3")
    with pytest.raises(StoreUnavailable, match="nowhere"):
        writer.start()
    assert not writer.runs


def test_a_file_that_is_no_database_is_said_at_the_start(path: Path) -> None:
    path.write_bytes(b"a holiday picture" * 500)
    with pytest.raises(StoreUnavailable, match="not a database"):
        writer_for(path).start()


def test_what_was_given_away_is_tried_again_until_the_file_is_well(path: Path) -> None:
    writer = writer_for(path)
    writer.start()
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE click RENAME TO elsewhere")
        writer.offer(a_click(1))
        until(lambda: writer.tally.failures >= 1)
        writer.offer(a_click(2))
        db.execute("ALTER TABLE elsewhere RENAME TO click")
    until(lambda: writer.tally.written == 2)
    writer.stop()
    assert codes(path) == ["CODE1", "CODE2"]


def test_what_cannot_be_held_any_longer_is_counted_as_lost(path: Path) -> None:
    writer = writer_for(path, capacity=2)
    writer.start()
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE click")
    taken = 0
    while writer.tally.lost == 0:
        taken += writer.offer(a_click(taken))
    writer.stop()
    assert (writer.tally.lost, writer.tally.written) == (taken, 0)


def test_one_who_waits_is_told_of_the_failure(path: Path) -> None:
    writer = writer_for(path)
    writer.start()
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE click")
    with pytest.raises(StoreUnavailable):
        asyncio.run(writer.commit(a_click(1)))
    writer.stop()
    assert writer.waiting == 0


def test_an_item_that_cannot_be_stored_does_not_end_the_writer(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = writer_for(path)
    writer.start()
    with pytest.raises(StoreUnavailable):
        asyncio.run(writer.commit(a_click(1)._replace(code="\ud800")))
    asyncio.run(writer.commit(a_click(2)))
    writer.stop()
    assert codes(path) == ["CODE2"]
    assert "could not be written" in caplog.text


def test_after_a_commit_without_sync_the_file_is_synced_within_its_time_also_when_nothing_follows(
    path: Path,
) -> None:
    writer = writer_for(path, settle_s=0.05)
    writer.start()
    writer.offer(a_click(1))
    until(lambda: settled(path) == 1, seconds=2)
    writer.stop()
    assert (settled(path), codes(path)) == (1, ["CODE1"])


def test_a_stop_syncs_what_was_written_last(path: Path) -> None:
    writer = writer_for(path, settle_s=60)
    writer.start()
    writer.offer(a_click(1))
    writer.stop()
    assert (settled(path), codes(path)) == (1, ["CODE1"])


def test_two_processes_may_start_on_the_same_new_file(path: Path) -> None:
    writers = [writer_for(path) for _ in range(4)]

    async def all_start() -> None:
        await asyncio.gather(*(asyncio.to_thread(writer.start) for writer in writers))

    asyncio.run(all_start())
    for number, writer in enumerate(writers):
        assert writer.offer(a_click(number))
        writer.stop()
    assert sorted(codes(path)) == ["CODE0", "CODE1", "CODE2", "CODE3"]
