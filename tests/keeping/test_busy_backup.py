"""A backup that is made while the shop hears things: put back elsewhere, none of them is missing."""

from __future__ import annotations

import json
import random

import pytest

from tests.keeping.conftest import Kept
from tests.practice_network import PracticeNetwork

SEEDS = [random.SystemRandom().randrange(2**32) for _case in range(3)]


def said_and_known(
    kept: Kept, elsewhere: Kept, practice: PracticeNetwork, seed: int, *naive: str
) -> tuple[set[str], set[str]]:
    """What people said in all, and what the restored shop knows of it once it has gone on listening."""
    account = practice.open_account()
    path = kept.folder.parent / "busy.tar"
    words = (practice.base_url, account.token, account.handle, str(path), str(seed), *naive)
    done = kept.program("busy_backup", *words)
    assert done.returncode == 0, done.stderr
    restored = elsewhere.run("restore", str(path), "--data", str(elsewhere.folder))
    assert restored.returncode == 0, restored.stderr
    known = elsewhere.deed("hear_on")["said"]
    texts = [text for _name, text in known]
    assert len(texts) == len(set(texts)), f"nothing is doubled; seed {seed}"
    return set(json.loads(done.stdout.splitlines()[-1])), set(texts)


@pytest.mark.parametrize("case", range(len(SEEDS)))
def test_nothing_that_was_heard_while_a_backup_was_made_is_missing_elsewhere(
    kept: Kept, elsewhere: Kept, practice: PracticeNetwork, case: int
) -> None:
    said, known = said_and_known(kept, elsewhere, practice, SEEDS[case])
    assert said and known == said, f"seed {SEEDS[case]}"


def test_the_control_a_journal_as_it_stands_lacks_what_was_taken_in_since_the_database_was_copied(
    kept: Kept, elsewhere: Kept, practice: PracticeNetwork
) -> None:
    said, known = said_and_known(kept, elsewhere, practice, SEEDS[0], "naive")
    assert known < said, f"seed {SEEDS[0]}"
