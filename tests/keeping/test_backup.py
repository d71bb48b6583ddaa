"""`etalage backup` and `etalage restore`: whole, checked, private, and nothing of it lost on the way."""

from __future__ import annotations

import fcntl
import sqlite3
import tarfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from etalage.keeping import archive, sqlite_files
from etalage.keeping.words import KeepingTrouble
from tests.keeping.conftest import SERVER, Kept
from tests.practice_network import PracticeNetwork

on_files = pytest.mark.skipif(bool(SERVER), reason="is about files, whatever database the run has")


def test_a_backup_opens_elsewhere_and_holds_every_row(kept: Kept, elsewhere: Kept) -> None:
    (kept.folder / "media").mkdir()
    (kept.folder / "media" / "vase.webp").write_bytes(b"picture")
    path = kept.backup("--with-keys")
    assert path.stat().st_mode & 0o077 == 0, "nobody else reads it"
    done = elsewhere.run("restore", str(path), "--data", str(elsewhere.folder))
    assert done.returncode == 0, done.stderr
    assert (elsewhere.folder / "media" / "vase.webp").read_bytes() == b"picture"
    before, after = archive.manifest_of(path), archive.manifest_of(elsewhere.backup())
    changed = {"accounts_signinlink"}
    assert {k: v for k, v in before.counts.items() if k not in changed} == {
        k: v for k, v in after.counts.items() if k not in changed
    }
    assert elsewhere.run("check").returncode == 0
    assert elsewhere.run("sign-in", "anna@example.com").returncode == 0, "the owner is there"


def test_keys_stay_out_unless_asked_for_and_are_asked_for_before_anything_moves(
    kept: Kept, elsewhere: Kept
) -> None:
    keys = [line.split("=", 1)[1] for line in (kept.folder / "etalage.env").read_text().splitlines()[1:3]]
    path = kept.backup()
    data = path.read_bytes()
    assert not [key for key in keys if key.encode() in data]
    done = elsewhere.run("restore", str(path), "--data", str(elsewhere.folder))
    assert done.returncode == 1 and "--new-keys" in done.stderr
    assert not list(elsewhere.folder.glob("*.sqlite3"))
    done = elsewhere.run("restore", str(path), "--data", str(elsewhere.folder), "--new-keys")
    assert done.returncode == 0, done.stderr


def test_one_changed_byte_anywhere_is_refused_and_nothing_moves(kept: Kept) -> None:
    path = kept.backup()
    whole = path.read_bytes()
    with tarfile.open(path) as tar:
        places = [member.offset_data + member.size // 2 for member in tar.getmembers()[:-1]]
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        done = kept.run("restore", str(path), "--yes")
        assert done.returncode == 1 and "damaged" in done.stderr, place
    path.write_bytes(whole[: len(whole) // 2])
    assert "cut off" in kept.run("restore", str(path), "--yes").stderr
    assert not list(kept.folder.glob("before-restore-*"))


def test_a_running_shop_is_not_replaced(kept: Kept) -> None:
    path = kept.backup()
    process = kept.start("serve", "worker")
    assert process.stdout
    process.stdout.readline()
    done = kept.run("restore", str(path), "--yes")
    assert done.returncode == 1 and "nothing was changed" in done.stderr


def test_a_restore_that_was_cut_off_lets_nothing_start_and_is_finished_by_doing_it_again(kept: Kept) -> None:
    path = kept.backup()
    (kept.folder / "restore-unfinished").write_text(str(path))
    done = kept.run("serve", "worker")
    assert done.returncode == 1 and "cut off half-way" in done.stderr
    assert kept.run("restore", str(path), "--yes").returncode == 0
    assert not (kept.folder / "restore-unfinished").exists()


def test_the_oldest_are_deleted_only_after_a_new_one_is_whole(kept: Kept) -> None:
    folder = kept.folder / "backups"
    folder.mkdir()
    for day in range(1, 5):
        (folder / f"etalage-2020-01-0{day}T00-00-00Z.tar").touch()
    (folder / "holiday.tar").touch()
    kept.backup("--keep", "3")
    names = sorted(path.name for path in folder.glob("*.tar"))
    assert len(names) == 4 and "holiday.tar" in names
    assert "etalage-2020-01-03T00-00-00Z.tar" in names and "etalage-2020-01-02T00-00-00Z.tar" not in names


@on_files
def test_what_another_shop_is_writing_into_the_same_folder_is_left_alone(kept: Kept) -> None:
    """Killed backups leave their folders behind; a kill gives back the lock in them."""
    folder = kept.folder / "backups"
    theirs, killed = (folder / f".etalage-backup-{name}" for name in ("theirs", "killed"))
    for room in (theirs, killed):
        room.mkdir(parents=True)
        (room / "in-use").touch()
    with (theirs / "in-use").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept.backup()
    assert [path.name for path in folder.glob(".etalage-*")] == [theirs.name]


@on_files
def test_a_backup_that_cannot_be_noted_is_a_backup_all_the_same(kept: Kept) -> None:
    """Its own disk may have room when the data folder's has none."""
    (kept.folder / "last-backup.new").mkdir()
    done = kept.run("backup", str(kept.folder.parent / "shop.tar"))
    assert done.returncode == 0 and "could not be noted" in done.stdout, done.stdout + done.stderr
    assert archive.verify(kept.folder.parent / "shop.tar").files


@on_files
def test_a_snapshot_under_writes_is_one_moment_and_holds_up_nobody(tmp_path: Path) -> None:
    """A writer commits pairs throughout; the copy has both of each pair or neither."""
    live = tmp_path / "live.sqlite3"
    with closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE one (n INTEGER, pad TEXT)")
        database.execute("CREATE TABLE two (n INTEGER)")
        database.execute("BEGIN")
        database.executemany("INSERT INTO one VALUES (?, ?)", ((-n, "x" * 900) for n in range(1, 30_000)))
        database.executemany("INSERT INTO two VALUES (?)", ((-n,) for n in range(1, 30_000)))
        database.execute("COMMIT")
    stop, stalls = threading.Event(), [0.0]

    def write() -> None:
        with closing(sqlite3.connect(live, timeout=30, isolation_level=None)) as database:
            number = 0
            while not stop.is_set():
                begun = time.monotonic()
                database.execute("BEGIN IMMEDIATE")
                database.execute("INSERT INTO one VALUES (?, '')", (number,))
                database.execute("INSERT INTO two VALUES (?)", (number,))
                database.execute("COMMIT")
                stalls.append(time.monotonic() - begun)
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    begun = time.monotonic()
    for number in range(3):
        sqlite_files.snapshot(live, tmp_path / f"copy-{number}.sqlite3")
    took = time.monotonic() - begun
    stop.set()
    writer.join()
    for number in range(3):
        counted = sqlite_files.counts(tmp_path / f"copy-{number}.sqlite3")
        assert counted["one"] == counted["two"] >= 29_999
    size = (tmp_path / "copy-2.sqlite3").stat().st_size
    print(
        f"3 snapshots of {size / 1e6:.0f} MB in {took:.1f} s, {len(stalls)} writes beside, worst {max(stalls):.2f} s"
    )
    assert max(stalls) < 10


@on_files
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    manifest = archive.Manifest("0", "2026-01-01T00:00:00+00:00", "sqlite", "http://localhost", False)
    path = tmp_path / "bad.tar"
    with archive.Writer(path, manifest) as writer:
        writer.add_text("../outside", "x")
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(KeepingTrouble, match="no part of it"):
        archive.verify(path, into)
    assert not (tmp_path / "outside").exists()
    assert not any(into.iterdir())


@on_files
def test_people_who_asked_to_be_forgotten_since_are_erased_again(kept: Kept) -> None:
    person = kept.deed("customer")["id"]
    path = kept.backup()
    kept.deed("forget", person)
    done = kept.run("restore", str(path), "--yes")
    assert "1 people who asked to be forgotten since were erased again" in done.stdout, (
        done.stdout + done.stderr
    )
    assert kept.deed("is_erased", person) == {"erased": True}


def test_no_backup_gets_its_name_before_the_list_beside_it_knows_who_left(kept: Kept) -> None:
    """Copied elsewhere at that moment, it would bring them back."""
    kept.deed("forget", kept.deed("customer")["id"])
    (kept.folder / "backups" / "erased-people.new").mkdir(parents=True)  # so the list cannot be written
    done = kept.run("backup")
    assert done.returncode == 1 and "Nothing of it is left" in done.stderr
    assert not list((kept.folder / "backups").glob("*.tar"))


def test_who_spoke_on_a_network_and_asked_to_be_forgotten_since_is_erased_again(
    kept: Kept, practice: PracticeNetwork
) -> None:
    """Also what still lay in the journal, and what the network tells once more after the restore."""
    account = practice.open_account()
    where = (practice.base_url, account.token)
    kept.deed("hear", *where)
    for author, words in (("noor", "my own words"), ("liam", "other words")):
        practice.let_somebody("mention", account.handle, text=words, author=author)
    before = kept.deed("hear", *where)
    name = next(name for name, text in before["said"] if text == "my own words")
    path = kept.backup()
    author = kept.deed("forget_author", name)
    listed = (kept.folder / "erased-people.txt").read_text()
    assert author["rows"] == 1 and author["ids"] not in listed
    assert [line.partition(":")[0] for line in listed.split()][1:] == ["author", "key"], "and one random id"
    assert kept.deed("heard") == {"said": [["", ""], before["said"][1]], "in_journal": False}
    done = kept.run("restore", str(path), "--yes")
    assert "1 people who asked to be forgotten since were erased again" in done.stdout, (
        done.stdout + done.stderr
    )
    again = {"said": [["", ""], before["said"][1]], "in_journal": False}
    assert kept.deed("heard") == again
    assert kept.deed("hear", *where)["said"] == again["said"]


@on_files
def test_deliveries_acknowledged_since_the_backup_are_handled_again(kept: Kept) -> None:
    """The journal that is put aside still tells them, also those that the lost database had handled."""
    kept.deed("deliver", "before")
    path = kept.backup()
    kept.deed("deliver", "since")
    assert kept.deed("handle") == {"handled": ["before", "since"]}
    assert kept.run("restore", str(path), "--yes").returncode == 0
    assert kept.deed("handle") == {"handled": ["before", "since"]}
