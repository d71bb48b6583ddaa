"""A restore and a program that begins meanwhile: one of them sees the other, and nobody works on what is replaced."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import SECONDS
from tests.keeping.conftest import SERVER, Kept


@contextmanager
def paused(shop: Kept, place: str, backup: Path) -> Iterator[subprocess.Popen[str]]:
    """A restore that stands still before this function of `etalage.keeping`, until it is told to go on."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.keeping.restore_program", "pause_before", place, str(backup)],
        env=shop.environment,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout and process.stdout.readline() == "paused\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_shop_that_is_started_while_the_backup_is_verified_is_left_alone(kept: Kept) -> None:
    backup = kept.backup()
    before = kept.deed("customer")["id"]
    with paused(kept, "placing.new_mark", backup) as restore:
        worker = kept.start("serve", "worker")
        assert worker.stdout and "at work" in worker.stdout.readline()
        said = restore.communicate("go on\n", timeout=SECONDS)[0]
    assert "The shop is running" in said and "nothing was changed" in said
    assert not (kept.folder / "restore-unfinished").exists()
    assert not list(kept.folder.glob("before-restore-*"))
    assert kept.deed("is_erased", before) == {"erased": False}, "and its rows are there"


def test_a_second_restore_leaves_the_first_alone(kept: Kept) -> None:
    """Else it would put a backup in again that nobody holds, after the first one has said that the shop may start."""
    backup = kept.backup()
    with paused(kept, "placing.put_in_place", backup) as first:
        second = kept.run("restore", str(backup), "--yes")
        why = "use this database" if SERVER else "Another restore is at work"
        assert second.returncode == 1 and why in second.stderr, second.stderr
        assert "restore is at work" in kept.run("serve", "worker").stderr
        said = first.communicate("go on\n", timeout=SECONDS)[0]
        assert first.returncode == 0, said
    assert not (kept.folder / "restore-unfinished").exists()
    assert kept.run("restore", str(backup), "--yes").returncode == 0, "and afterwards there may be another"


def test_a_program_is_seen_before_it_looks_for_a_restore(kept: Kept) -> None:
    """The other way round, a restore could look for programs between its look and its being seen."""
    (kept.folder / "restore-unfinished").write_text("somewhere.tar")
    done = subprocess.run(
        [sys.executable, "-m", "tests.keeping.restore_program", "serve_and_tell"],
        env=kept.environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.stdout == "['worker']\n" and "restore is at work" in done.stderr
    assert done.returncode == 1 and not list((kept.folder / "running").iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ("backup",),
        ("rotate-keys",),
        ("import", "products", "nothing.csv"),
        ("sign-in", "anna@example.com"),
        ("serve", "web"),
        ("manage", "migrate"),
    ],
    ids=lambda words: words[0],
)
def test_no_command_works_on_a_shop_that_is_being_restored(kept: Kept, words: tuple[str, ...]) -> None:
    (kept.folder / "restore-unfinished").write_text("somewhere.tar")
    done = kept.run(*words)
    assert done.returncode == 1 and "restore is at work" in done.stderr, done.stdout + done.stderr


@pytest.mark.skipif(not SERVER, reason="a file is reached from one machine only")
def test_who_connects_just_before_the_tables_are_put_aside_keeps_them(kept: Kept) -> None:
    """On another machine, so that no note of it is here: its connection would lead to the restored tables."""
    import psycopg

    backup = kept.backup()
    person = kept.deed("customer")["id"]
    with (
        paused(kept, "postgresql.put_aside", backup) as restore,
        psycopg.connect(kept.database, autocommit=True) as other,
    ):
        said = restore.communicate("go on\n", timeout=SECONDS)[0]
        assert "1 other programs use this database" in said
        assert other.execute("SELECT count(*) FROM customers_customer").fetchone() == (1,)
    assert not (kept.folder / "restore-unfinished").exists()
    assert kept.deed("is_erased", person) == {"erased": False}
    assert kept.run("restore", str(backup), "--yes").returncode == 0, "once nobody is there"


def test_a_full_disk_at_the_start_is_said_in_a_sentence(kept: Kept) -> None:
    (kept.folder / "running").rmdir() if (kept.folder / "running").exists() else None
    (kept.folder / "running").write_text("in the way, as a disk that takes nothing more")
    done = kept.run("serve", "worker")
    assert done.returncode == 1 and "cannot be written" in done.stderr and "Traceback" not in done.stderr
