"""The reading side: what jobs see of the edge's files, from another process and after its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from etalage.edge.click_log import ClickLog
from etalage.edge.clicks import Click, click_store
from etalage.edge.deliveries import Delivery, journal_store
from etalage.edge.journal import INTERRUPTED, STUCK_S, Failure, Journal, Waiting
from etalage.kit.ids import uuid7
from tests.edge.world import hand_out_again

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000
HOUR_US = 3_600_000_000


def a_click(number: int) -> Click:
    return Click(
        uuid7().hex, f"CODE{number}", "0" * 32, NOON_US + number, "", None, "GET", "link", False, "", "fr"
    )


def write_clicks(path: Path, *numbers: int) -> list[Click]:
    clicks = [a_click(number) for number in numbers]
    store = click_store(path)
    store.write(clicks)
    store.close()
    return clicks


def write_deliveries(path: Path, *names: str) -> list[str]:
    rows = [Delivery(uuid7().hex, "practice", "good", name, NOON_US, "{}", name.encode()) for name in names]
    store = journal_store(path)
    store.write(rows)
    store.close()
    return [row.id for row in rows]


def waiting(journal: Journal, *ids: str) -> list[Waiting]:
    """These of what waits, in this order."""
    found = {one.id: one for one in journal.pending()}
    return [found[one] for one in ids]


@pytest.fixture
def log(tmp_path: Path) -> ClickLog:
    return ClickLog(tmp_path / "clicks.sqlite3")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite3")


def test_before_the_edge_ever_ran_there_is_nothing(log: ClickLog, journal: Journal) -> None:
    assert log.read_after() == log.read_after("", 5)
    assert (log.read_after().clicks, log.read_after().cursor, log.prune(NOON_US)) == ((), "", 0)
    assert (journal.pending(), journal.dead(), journal.prune(NOON_US)) == ([], [], 0)


def test_clicks_are_read_page_by_page_in_their_order(log: ClickLog, tmp_path: Path) -> None:
    written = write_clicks(tmp_path / "clicks.sqlite3", *range(5))
    seen, cursor, more = [], "", True
    while more:
        page = log.read_after(cursor, limit=2)
        seen, cursor, more = [*seen, *page.clicks], page.cursor, page.more
    assert seen == written
    assert log.read_after(cursor).clicks == ()
    later = write_clicks(tmp_path / "clicks.sqlite3", 7)
    assert list(log.read_after(cursor).clicks) == later


def test_a_cursor_never_misses_a_click_after_pruning(log: ClickLog, tmp_path: Path) -> None:
    write_clicks(tmp_path / "clicks.sqlite3", 1, 2, 3)
    cursor = log.read_after().cursor
    assert log.prune(NOON_US + 10) == 3
    assert log.read_after().clicks == ()
    later = write_clicks(tmp_path / "clicks.sqlite3", 4)
    assert list(log.read_after(cursor).clicks) == later


def test_pruning_takes_only_what_is_older(log: ClickLog, tmp_path: Path) -> None:
    written = write_clicks(tmp_path / "clicks.sqlite3", 1, 2, 3)
    assert log.prune(NOON_US + 2) == 1
    assert list(log.read_after().clicks) == written[1:]


def test_a_file_made_anew_is_read_from_its_start(log: ClickLog, tmp_path: Path) -> None:
    write_clicks(tmp_path / "clicks.sqlite3", 1, 2, 3)
    cursor = log.read_after().cursor
    for file in tmp_path.glob("clicks.sqlite3*"):
        file.unlink()
    fresh = write_clicks(tmp_path / "clicks.sqlite3", 9)
    assert list(log.read_after(cursor).clicks) == fresh


def test_the_same_click_written_twice_is_one(log: ClickLog, tmp_path: Path) -> None:
    store = click_store(tmp_path / "clicks.sqlite3")
    clicks = [a_click(number) for number in range(200)]
    assert (store.write(clicks), store.write(clicks)) == (200, 0)
    store.close()
    assert list(log.read_after().clicks) == clicks


def test_deliveries_wait_in_the_order_in_which_they_came(journal: Journal, tmp_path: Path) -> None:
    write_deliveries(tmp_path / "journal.sqlite3", "a", "b", "c")
    assert [delivery.delivery_id for delivery in journal.pending(limit=2)] == ["a", "b"]


def test_what_was_handled_is_not_handed_out_again(journal: Journal, tmp_path: Path) -> None:
    first, second, _ = write_deliveries(tmp_path / "journal.sqlite3", "a", "b", "c")
    journal.mark_done(*waiting(journal, first, second))
    assert [delivery.delivery_id for delivery in journal.pending()] == ["c"]


def test_one_bad_delivery_does_not_block_the_rest_and_people_see_why(
    journal: Journal, tmp_path: Path
) -> None:
    bad, _ = write_deliveries(tmp_path / "journal.sqlite3", "bad", "good")
    (begun,) = journal.begin(waiting(journal, bad))
    journal.mark_failed(begun, "not this network's language" * 100)
    assert [delivery.delivery_id for delivery in journal.pending()] == ["good"]
    (dead,) = journal.dead()
    assert (dead.delivery_id, dead.attempts, len(dead.reason)) == ("bad", 1, 300)


def test_a_delivery_to_be_tried_later_comes_back_at_its_time(journal: Journal, tmp_path: Path) -> None:
    write_deliveries(tmp_path / "journal.sqlite3", "a")
    with time_machine.travel(NOON, tick=False):
        (one,) = journal.begin(journal.pending())
        journal.mark_failed(one, "the database was busy", again_at_us=NOON_US + HOUR_US)
        assert journal.pending() == []
    with time_machine.travel(datetime(2026, 11, 21, 13, tzinfo=UTC), tick=False):
        (again,) = journal.pending()
    assert (again.attempts, again.reason) == (1, "the database was busy")


def test_a_dead_delivery_can_be_replayed(journal: Journal, tmp_path: Path) -> None:
    (one,) = write_deliveries(tmp_path / "journal.sqlite3", "a")
    journal.mark_failed(*waiting(journal, one), "a fault of ours, mended since")
    assert journal.replay_dead(one) == 1
    assert [delivery.delivery_id for delivery in journal.pending()] == ["a"]
    assert journal.dead() == []


def test_bodies_of_old_deliveries_are_forgotten_but_a_late_copy_is_still_known(
    journal: Journal, tmp_path: Path
) -> None:
    done, waits = write_deliveries(tmp_path / "journal.sqlite3", "done", "waits")
    with time_machine.travel(NOON, tick=False):
        journal.mark_done(*waiting(journal, done))
    assert (journal.prune(NOON_US), journal.prune(NOON_US + 1)) == (0, 1)
    write_deliveries(tmp_path / "journal.sqlite3", "done")
    assert [delivery.id for delivery in journal.pending()] == [waits]
    hand_out_again(tmp_path / "journal.sqlite3", done)
    assert [delivery.id for delivery in journal.pending()] == [waits], "nothing is left of it"


def test_another_process_drains_while_the_edge_has_the_file_open(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    store = journal_store(path)
    store.open()
    rows = [Delivery(uuid7().hex, "practice", "good", name, NOON_US, "{}", b"x") for name in ("a", "b")]
    store.write(rows[:1])
    drain = (
        "import sys, json; from pathlib import Path; from etalage.edge.journal import Journal;"
        "journal = Journal(Path(sys.argv[1])); found = journal.pending();"
        "journal.mark_done(*found); print(json.dumps([one.delivery_id for one in found]))"
    )
    printed = subprocess.run([sys.executable, "-c", drain, str(path)], capture_output=True, check=True).stdout
    assert json.loads(printed) == ["a"]
    store.write(rows[1:])
    assert [delivery.delivery_id for delivery in journal.pending()] == ["b"]
    store.close()


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    store = journal_store(tmp_path / "journal.sqlite3")
    store.open()
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.glob("journal.sqlite3*")}
    store.close()
    assert set(modes.values()) == {0o600}
    assert "journal.sqlite3-wal" in modes


def test_what_is_fetched_stands_beside_what_is_delivered_and_once(journal: Journal, tmp_path: Path) -> None:
    write_deliveries(tmp_path / "journal.sqlite3", "delivered")
    fetched = [
        Delivery(uuid7().hex, "practice", "good", name, NOON_US, "{}", b"x") for name in ("a", "b", "a")
    ]
    assert journal.keep(fetched, min_free_bytes=0) == 2
    assert (journal.keep(fetched[:1], min_free_bytes=0), journal.keep([])) == (0, 0)
    assert [one.delivery_id for one in journal.pending()] == ["delivered", "a", "b"]


def test_only_what_failed_for_good_is_replayed_or_dropped_by_people(journal: Journal, tmp_path: Path) -> None:
    first, second, third, waits = write_deliveries(tmp_path / "journal.sqlite3", *"abcd")
    for one in waiting(journal, first, second, third):
        journal.mark_failed(one, "a fault")
    assert journal.dead_count() == 3 and journal.find_dead(waits) is None
    assert (journal.drop_dead(first, waits), journal.drop_dead(first)) == (1, 0)
    assert (journal.replay_dead(second, first), journal.replay_dead(), journal.dead_count()) == (1, 1, 0)
    pending = journal.pending()
    assert {one.id for one in pending} == {second, third, waits} and {one.attempts for one in pending} == {0}
    hand_out_again(tmp_path / "journal.sqlite3", first)
    assert len(journal.pending()) == 3, "what was dropped has no bytes left"


def test_bytes_that_speak_of_somebody_are_forgotten_whatever_became_of_them(
    journal: Journal, tmp_path: Path
) -> None:
    done, failed, waits, other = write_deliveries(
        tmp_path / "journal.sqlite3", "noor 1", "noor 2", "noor 3", "x"
    )
    journal.mark_done(*waiting(journal, done))
    journal.mark_failed(*waiting(journal, failed), "a fault")
    assert journal.find("bad", lambda body: True) == []
    found = journal.find("good", lambda body: b"noor" in body)
    assert [(one.id, is_done) for one, is_done in found] == [(done, True), (failed, False), (waits, False)]
    journal.rewrite(done, "{}", b"too late")
    journal.empty(*[one.id for one, _is_done in found])
    assert ([one.id for one in journal.pending()], journal.dead()) == ([other], [])
    hand_out_again(tmp_path / "journal.sqlite3", done, failed, waits)
    assert [one.id for one in journal.pending()] == [other]
    journal.rewrite(other, '{"a": "b"}', b"y")
    (rest,) = journal.pending()
    assert (rest.body, rest.headers) == (b"y", {"a": "b"})


def test_letters_that_nobody_looked_at_are_given_up_after_a_while(journal: Journal, tmp_path: Path) -> None:
    (old,) = write_deliveries(tmp_path / "journal.sqlite3", "a")
    with time_machine.travel(NOON, tick=False):
        journal.mark_failed(*waiting(journal, old), "a fault")
    assert (journal.drop_dead_before(NOON_US), journal.drop_dead_before(NOON_US + 1)) == (0, 1)
    assert journal.dead() == []


def test_an_attempt_counts_from_before_its_work_and_says_so(journal: Journal, tmp_path: Path) -> None:
    ids = write_deliveries(tmp_path / "journal.sqlite3", *"abc")
    found = journal.pending()
    begun = journal.begin(found)
    assert [(one.id, one.attempts, one.reason) for one in begun] == [(one, 1, INTERRUPTED) for one in ids]
    assert journal.pending() == begun, "what dies now is handed out again at once"
    journal.mark_done(begun[0])
    journal.give_back(found)
    assert journal.pending() == found[1:], "as if it had never been begun; what is done stays done"
    with time_machine.travel(NOON, tick=False):
        journal.begin(found[1:], again_at_us=NOON_US + HOUR_US)
        assert journal.pending() == []
    with time_machine.travel(datetime(2026, 11, 21, 13, tzinfo=UTC), tick=False):
        assert [(one.id, one.attempts) for one in journal.pending()] == [(one, 1) for one in ids[1:]]


def test_large_bodies_are_handed_out_few_at_a_time(journal: Journal, tmp_path: Path) -> None:
    many = 40
    rows = [
        Delivery(uuid7().hex, "practice", "good", str(number), NOON_US, "{}", b"x" * 2**20)
        for number in range(many)
    ]
    journal.keep(rows, min_free_bytes=0)
    seen: list[str] = []
    while batch := journal.pending():
        assert sum(len(one.body) for one in batch) <= 16 * 2**20
        seen += [one.delivery_id for one in batch]
        journal.mark_done(*batch)
    assert seen == [row.delivery_id for row in rows]


HOLD = (
    "import sys, time; from pathlib import Path; from etalage.edge.journal import Journal\n"
    "with Journal(Path(sys.argv[1])).turn() as ours:\n"
    "    print(ours, flush=True); time.sleep(600)\n"
)


def test_one_at_a_time_has_its_turn_and_a_kill_gives_it_back(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    write_deliveries(path, "a")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "True\n"
        with journal.turn() as ours:
            assert not ours
        with journal.turn(wait_s=0.1) as ours:
            assert not ours
        holder.kill()
        with journal.turn(wait_s=20.0) as ours:
            assert ours
            with journal.turn() as another:
                assert not another, "also within one process"
    finally:
        holder.kill()
        holder.communicate()


def test_a_process_that_was_stopped_is_not_waited_for_without_end(journal: Journal, tmp_path: Path) -> None:
    (one,) = write_deliveries(tmp_path / "journal.sqlite3", "a")
    with journal.turn() as ours:
        assert ours
        for file in tmp_path.glob("*.turn"):
            long_ago = file.stat().st_mtime - STUCK_S - 1
            os.utime(file, (long_ago, long_ago))
        with journal.turn() as another:
            assert another
            with journal.turn() as third:
                assert not third, "one who goes past is enough"
            journal.mark_done(*waiting(journal, one))
        assert journal.pending() == []


@pytest.mark.parametrize("late", ["done", "failed", "later", "given back"])
def test_who_was_stopped_in_the_work_changes_nothing_of_what_the_next_one_did(
    journal: Journal, tmp_path: Path, late: str
) -> None:
    """Also not of what was forgotten meanwhile: a letter without bytes could never be read, nor tried again."""
    ids = write_deliveries(tmp_path / "journal.sqlite3", "in hand", "handled", "forgotten")
    found = journal.pending()
    stopped = journal.begin(found)
    theirs = journal.begin(journal.pending())
    journal.mark_done(theirs[1])
    journal.empty(theirs[2].id)
    if late == "done":
        journal.mark_done(*stopped)
    elif late == "given back":
        journal.give_back(found)
    else:
        again_at_us = None if late == "failed" else NOON_US
        journal.mark_all_failed([Failure(one, "too late", again_at_us) for one in stopped])
    assert journal.pending() == theirs[:1] and journal.dead() == []
    journal.mark_failed(theirs[0], "in time")
    assert [(one.id, one.reason) for one in journal.dead()] == [(ids[0], "in time")]
