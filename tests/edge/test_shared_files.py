"""One process writes, fetches and reads the same file, and other programs come and go: nothing is lost by that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from etalage.edge.deliveries import Delivery, journal_store
from etalage.edge.journal import Journal

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
