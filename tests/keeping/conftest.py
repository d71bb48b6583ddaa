"""A shop in a folder of its own, run as people run it, on the database that the tests run on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.cli.conftest import SECONDS, Shop
from tests.practice_network import practice, practice_program

__all__ = ["practice", "practice_program"]
SERVER = os.environ.get("DATABASE_URL", "")
#: Seconds instead of minutes; the network that these tests speak to shows everything at once.
PACE = json.dumps({"least_settle": 0.2, "first_wait": 0.2})


@dataclass
class Kept(Shop):
    """A shop whose database is its own: a file, or a database on the server of the test run."""

    database: str = ""
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        named = {"DATABASE_URL": self.database} if self.database else {}
        return super().environment | {"ETALAGE_DELIVERY_PACE": PACE} | named | self.more

    def deed(self, name: str, *words: str) -> Any:
        """What a deed of `tests.keeping.shop_program` answers."""
        done = self.program("shop_program", name, *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def program(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of `tests.keeping` in this shop to its end."""
        return subprocess.run(
            [sys.executable, "-m", f"tests.keeping.{name}", *words],
            env=self.environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def backup(self, *words: str) -> Path:
        """Make a backup; its file."""
        done = self.run("backup", *words)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.split()[0])


PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "alone")  # tests run in several at once


def fresh_database(name: str, template: str = "") -> str:
    """A new database of this process on the server of the test run; "" where shops live in files.

    `template`: the name by which another one was asked for here, to be copied.
    """
    if not SERVER:
        return ""
    import psycopg

    name, template = f"{name}_{PROCESS}", f"{template}_{PROCESS}" if template else "template1"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))


def drop_database(address: str) -> None:
    if not address:
        return
    import psycopg

    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{urlsplit(address).path[1:]}" WITH (FORCE)')


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """A shop that was set up, to be copied: setting one up takes seconds."""
    original = Kept(tmp_path_factory.mktemp("original") / "shop", database=fresh_database("keeping_original"))
    done = original.init()
    assert done.returncode == 0, done.stderr
    yield original
    drop_database(original.database)


@pytest.fixture
def kept(tmp_path: Path, made_once: Kept) -> Iterator[Kept]:
    """A shop that was set up, with its own database."""
    made = Kept(tmp_path / "shop", database=fresh_database("keeping_shop", "keeping_original"))
    shutil.copytree(made_once.folder, made.folder)
    yield made
    ended(made)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Kept]:
    """Another machine: an empty folder and an empty database."""
    made = Kept(tmp_path / "elsewhere", database=fresh_database("keeping_elsewhere"))
    yield made
    ended(made)


def ended(shop: Kept) -> None:
    for process in shop.running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
    drop_database(shop.database)
    shutil.rmtree(shop.folder, ignore_errors=True)
