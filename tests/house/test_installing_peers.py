"""`.ci/peers` with an installer that fails: tried three times, then the run fails, and nothing passes for installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.house.test_house import ROOT

# Stands in for the real one: it notes each call, and fails as often as the file beside it says.
NPM = """#!/bin/sh
echo "$*" >>"$0.calls"
echo "npm cannot reach anything"
[ "$(wc -l <"$0.calls")" -gt "$(cat "$0.fails")" ]
"""
SLEEP = """#!/bin/sh
echo "$*" >>"$0.calls"
"""


def install(folder: Path, fails: int) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """`.ci/peers bluesky` with an npm that fails so many times; how it ended, and the calls of npm."""
    programs = folder / "programs"
    if not programs.exists():
        programs.mkdir()
        for name, text in (("npm", NPM), ("sleep", SLEEP)):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
    (programs / "npm.fails").write_text(str(fails))
    (programs / "npm.calls").unlink(missing_ok=True)
    ended = subprocess.run(
        [ROOT / ".ci/peers", "bluesky"],
        env={"PATH": f"{programs}:{os.environ['PATH']}", "ETALAGE_PEERS": str(folder / "peers")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    calls = (programs / "npm.calls").read_text().splitlines() if (programs / "npm.calls").exists() else []
    return ended, calls


def waits(folder: Path) -> list[int]:
    """Seconds between the tries."""
    return [int(line) for line in (folder / "programs/sleep.calls").read_text().splitlines()]


def test_what_fails_each_time_is_tried_three_times_and_then_fails_the_run(tmp_path: Path) -> None:
    ended, calls = install(tmp_path, fails=1000)
    assert ended.returncode != 0
    assert ended.stdout == "", "no folder is handed to the tests"
    assert ended.stderr.count("npm cannot reach anything") == 3, "its words are shown"
    assert len(calls) == 3
    assert {call.split()[2] for call in calls} == {"install"}
    assert all(second > 0 for second in waits(tmp_path)[:2])
    assert not list(tmp_path.glob("peers/*/ready"))


def test_what_fails_twice_goes_on_and_is_installed_once(tmp_path: Path) -> None:
    ended, calls = install(tmp_path, fails=2)
    assert (ended.returncode, ended.stderr) == (0, "")
    folder = Path(ended.stdout.strip())
    assert [call.split()[2] for call in calls] == ["install", "install", "install", "rebuild"]
    assert (folder / "ready").exists()
    again, calls = install(tmp_path, fails=1000)
    assert (again.returncode, again.stdout, calls) == (0, ended.stdout, []), "what is there is kept"


def test_after_a_run_that_failed_the_next_one_installs(tmp_path: Path) -> None:
    assert install(tmp_path, fails=1000)[0].returncode != 0
    ended, calls = install(tmp_path, fails=0)
    assert (ended.returncode, len(calls)) == (0, 2)
