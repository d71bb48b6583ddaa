"""Who was erased stays erased through a restore: also whoever the backup did not know, and when all keys are lost."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.keeping.conftest import Kept
from tests.practice_network import PracticeNetwork

ME, OTHER = "noor", "liam"


def spoke(practice: PracticeNetwork, handle: str) -> None:
    for author, words in ((ME, "my own words"), (OTHER, "other words")):
        practice.let_somebody("mention", handle, text=words, author=author)


def erased(kept: Kept, heard: dict[str, Any]) -> None:
    """One of them asks to be forgotten."""
    kept.deed("forget_author", next(name for name, text in heard["said"] if text == "my own words"))


def names_nobody(folder: Path) -> bool:
    return not any(
        b"my own words" in path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and "sqlite3" in path.name
    )


def test_who_spoke_and_was_erased_after_the_backup_is_not_brought_back_by_asking_again(
    kept: Kept, practice: PracticeNetwork
) -> None:
    """The restored shop knows neither the rows nor the place up to which it had read."""
    account = practice.open_account()
    where = (practice.base_url, account.token)
    kept.deed("hear", *where)
    path = kept.backup()
    spoke(practice, account.handle)
    before = kept.deed("hear", *where)
    erased(kept, before)
    done = kept.run("restore", str(path), "--yes")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(next(kept.folder.glob("before-restore-*")))
    told = kept.deed("hear", *where)
    assert [text for _name, text in told["said"]] == ["other words"] and not told["in_journal"]
    assert names_nobody(kept.folder)


def test_a_restore_that_lost_all_keys_still_knows_who_was_erased(
    kept: Kept, elsewhere: Kept, practice: PracticeNetwork
) -> None:
    """On another machine, with nothing but the backup and the list beside it."""
    account = practice.open_account()
    where = (practice.base_url, account.token)
    kept.deed("hear", *where)
    spoke(practice, account.handle)
    erased(kept, kept.deed("hear", *where))
    path = kept.backup()
    done = elsewhere.run("restore", str(path), "--data", str(elsewhere.folder), "--new-keys")
    assert done.returncode == 0 and "who was erased" not in done.stdout, done.stdout + done.stderr
    elsewhere.deed("approve", practice.base_url, f"again:{account.token}")  # which connects it again
    told = elsewhere.deed("hear", *where)
    assert [text for _name, text in told["said"]] == ["", "other words"] and not told["in_journal"]
    assert names_nobody(elsewhere.folder)


def test_without_the_list_it_says_what_may_come_back(
    kept: Kept, elsewhere: Kept, practice: PracticeNetwork
) -> None:
    account = practice.open_account()
    kept.deed("hear", practice.base_url, account.token)
    spoke(practice, account.handle)
    erased(kept, kept.deed("hear", practice.base_url, account.token))
    path = kept.backup()
    (path.parent / "erased-people.txt").unlink()
    done = elsewhere.run("restore", str(path), "--data", str(elsewhere.folder), "--new-keys")
    assert done.returncode == 0 and "who was erased" in done.stdout, done.stdout + done.stderr
