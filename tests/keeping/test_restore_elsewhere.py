"""A database that is being restored is worked on by nobody, also not from another machine with a folder of its own."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from etalage.networks.base import Mechanism
from tests.cli.conftest import SECONDS
from tests.keeping.conftest import SERVER, Kept
from tests.practice_network import PracticeNetwork

pytestmark = pytest.mark.skipif(not SERVER, reason="a file is reached from one machine only")


def cut_off(kept: Kept, practice: PracticeNetwork, other: Path) -> tuple[Path, Kept, str]:
    """A restore that was killed before anything was on hold, and another machine on the same database.

    The post has gone out since the backup was made.
    """
    account = practice.open_account(face=Mechanism.READ_BACK, settle=0.2)
    key = kept.deed("seed", practice.base_url, f"{Mechanism.READ_BACK.value}:{account.token}")[
        "read_back/went_out"
    ]
    backup = kept.backup()
    kept.deed("send", key)
    assert kept.program("restore_program", "strike", str(backup)).returncode == -signal.SIGKILL
    there = Kept(other, database=kept.database)
    there.folder.mkdir()
    shutil.copy(kept.folder / "etalage.env", there.folder)
    return backup, there, key


def out(practice: PracticeNetwork, shop: Kept, key: str) -> int:
    return practice.ledger().count(shop.deed("state")[key]["marker"])


def test_another_machine_starts_and_posts_nothing_until_the_restore_is_settled(
    kept: Kept, practice: PracticeNetwork, tmp_path: Path
) -> None:
    backup, there, key = cut_off(kept, practice, tmp_path / "there")
    refused = there.run("serve", "worker")
    assert refused.returncode == 1 and "restore is at work" in refused.stderr, refused.stdout + refused.stderr
    assert "not come to its end" in there.program("restore_program", "come_back").stdout
    assert out(practice, there, key) == 1

    done = kept.run("restore", str(backup), "--yes")
    assert done.returncode == 0, done.stderr
    assert there.program("restore_program", "come_back").stdout == "1\n"
    assert there.deed("work")[key]["state"] == "published"
    assert out(practice, there, key) == 1
    worker = there.start("serve", "worker")
    assert worker.stdout and "at work" in worker.stdout.readline()
    worker.terminate()
    assert worker.wait(SECONDS) == 0
    worker.stdout.close()


def test_the_control_a_program_that_does_not_look_for_the_mark_posts_twice(
    kept: Kept, practice: PracticeNetwork, tmp_path: Path
) -> None:
    _backup, there, key = cut_off(kept, practice, tmp_path / "there")
    there.deed("work")
    assert out(practice, there, key) == 2
