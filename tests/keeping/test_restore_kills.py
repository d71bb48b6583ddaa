"""A restore that is killed anywhere and done again: the state before is whole, and nothing acknowledged is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.keeping.conftest import Kept


def test_a_restore_killed_before_any_of_its_steps_is_completed_by_doing_it_again(
    kept: Kept, tmp_path: Path
) -> None:
    (kept.folder / "media").mkdir(exist_ok=True)
    (kept.folder / "media" / "vase.webp").write_bytes(b"picture")
    kept.deed("deliver", "before")
    (tmp_path / "backups" / "here").mkdir(parents=True)
    path = Path(shutil.move(kept.backup(), tmp_path / "backups" / "here"))
    kept.deed("deliver", "since")
    assert kept.deed("handle") == {"handled": ["before", "since"]}
    done = subprocess.run(
        [sys.executable, "-m", "tests.keeping.falling_program", str(path)],
        env=kept.environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    print(*(outcome["step"] for outcome in outcomes), sep="\n")
    for outcome in outcomes:
        step = outcome.pop("step")
        assert outcome == {
            "unfinished": False,
            "asides": 1,
            "waiting": ["before", "since"],
            "former": [["before", "since"]],
            "customers": 0,
            "former_customers": 1,
            "left": [],
        }, step
    assert len(outcomes) > 12


def test_what_cannot_be_taken_over_is_said(kept: Kept) -> None:
    kept.deed("deliver", "before")
    path = kept.backup()
    journal = kept.folder / "journal.sqlite3"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:100] + bytes(len(whole) - 100))
    done = kept.run("restore", str(path), "--yes")
    assert done.returncode == 0, done.stderr
    assert "could not be taken over" in done.stdout and "journal.sqlite3" in done.stdout
    assert kept.deed("handle") == {"handled": ["before"]}
