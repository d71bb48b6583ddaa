"""A worker that dies of a fault of its own is no killed worker: it breaks the family, in its own words."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.databases import HERE, environment

PROGRAM = """
import django
django.setup()
import os, time
from tests.faults import network, workers

def raises():
    raise ValueError("planted")

def leaves():
    os._exit(3)

def waits():
    time.sleep(60)

def kill(work):
    workers.kill_many(2, 1, lambda: (work, 0.1))

def finish(work):
    workers.let_finish(2, work, lambda: False, 20)

def end_late(work):
    pid = workers.start(work)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    workers.end(pid)

def stop(work):
    pid = workers.start(work)
    while not workers.is_stopped(pid):
        time.sleep(0.01)

for how in (kill, finish, end_late, stop):
    for work in (raises, leaves):
        try:
            how(work)
            print("nothing seen by", how.__name__)
        except workers.Crashed as crashed:
            print(how.__name__, crashed)

for work in (waits, network.kill_me, lambda: None):
    kill(work)
print("as they should be")
kill(raises)
"""


@pytest.mark.once
def test_only_a_worker_that_was_killed_or_came_to_its_end_is_as_it_should_be(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    ended = subprocess.run(
        command, cwd=HERE, env=environment(tmp_path, ""), capture_output=True, text=True, check=False
    )
    assert "nothing seen" not in ended.stdout
    for how in ("kill", "finish", "end_late", "stop"):
        assert (
            len(re.findall(rf"^{how} worker \d+ ended by itself, with status [13]:$", ended.stdout, re.M))
            == 2
        )
    assert ended.stdout.count("in raises\nValueError: planted") == 4
    assert "as they should be" in ended.stdout
    assert ended.returncode == 1  # what nobody expected ends the family
    assert "in raises\nValueError: planted" in ended.stderr
