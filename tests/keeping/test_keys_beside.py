"""Keys are changed while the shop works: no program ever meets a secret that it cannot open."""

from __future__ import annotations

import subprocess

from tests.cli.conftest import SECONDS
from tests.keeping.conftest import Kept
from tests.practice_network import PracticeNetwork


def worker(shop: Kept) -> subprocess.Popen[str]:
    process = shop.start("serve", "worker")
    assert process.stdout and "at work" in process.stdout.readline()
    return process


def test_nothing_is_sealed_anew_before_every_program_knows_the_key(
    kept: Kept, practice: PracticeNetwork
) -> None:
    token = practice.open_account().token
    kept.deed("grant", token)
    former = worker(kept)
    assert kept.run("rotate-keys", "--new-key").returncode == 0

    done = kept.run("rotate-keys")
    assert done.returncode == 1 and f"process {former.pid}, worker" in done.stderr, done.stderr

    former.terminate()
    assert former.wait(SECONDS) == 0
    worker(kept)
    done = kept.run("rotate-keys")
    assert done.returncode == 0 and "sealed again, 0 were already" in done.stdout, done.stdout + done.stderr
    assert token in kept.deed("tokens")["tokens"]
