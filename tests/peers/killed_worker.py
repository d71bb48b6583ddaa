"""A worker in a process of its own that dies when the network has accepted, and before it hears of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from django.db import connection

from tests.ending import with_parent
from tests.peers.bad_line import BadLine


def killed_once_accepted(line: BadLine, server: str) -> None:
    """Have it deliver what is due over this line to the origin `server`; kill it when the answer is on its way."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.publishing.worker_process", str(connection.settings_dict["NAME"])],
        env={**os.environ, "ETALAGE_INSIDE_NETWORKS": f"{line.address},{server}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=with_parent,
    )
    line.cuts = [worker.kill]
    assert worker.stdin and worker.stdout and worker.stdout.readline() == b"ready\n"
    worker.stdin.write(b"go\n")
    worker.stdin.close()
    assert worker.wait(60) == -signal.SIGKILL
    worker.stdout.close()
