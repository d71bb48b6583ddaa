"""The command `etalage`, run as people run it: a process of its own in a folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SECONDS = 120  # a deadline, not a pace: everything here ends far sooner


@dataclass
class Shop:
    """A data folder, and the command in it."""

    folder: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ETALAGE_", "DATABASE_URL", "DJANGO_"))
        }
        return kept | {"ETALAGE_DATA": str(self.folder)}

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a sub-command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "etalage", *words],
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def init(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Set up the shop."""
        given = ["--data", str(self.folder), "--name", "Maison Lune", "--email", "anna@example.com"]
        return self.run("init", *given, *more)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start something that stays, in a group of its own so that its children can be counted."""
        process = subprocess.Popen(
            [sys.executable, "-m", "etalage", *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.running.append(process)
        return process


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """An empty place for a shop."""
    made = Shop(tmp_path / "shop")
    yield made
    for process in made.running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop that was set up, to be copied: setting one up takes seconds."""
    original = Shop(tmp_path_factory.mktemp("original") / "shop")
    done = original.init()
    assert done.returncode == 0, done.stderr
    return original.folder


@pytest.fixture
def ready(shop: Shop, made_once: Path) -> Shop:
    """A shop that was set up."""
    shutil.copytree(made_once, shop.folder)
    return shop


def link_in(text: str) -> str:
    """The one-time link that was printed."""
    found = re.search(r"https?://\S+/enter/\S+/", text)
    assert found, text
    return found[0]
