"""A shop in a process of its own: the newcomer's first command, small and without people who act by chance."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from etalage.cli.ports import free_port

OWNER = "amelie@sirocco.example"
START_SECONDS = 120


@dataclass(frozen=True)
class Shop:
    """A running demo: where it answers, where its practice network does, and the folder it lives in."""

    address: str
    network: str
    folder: Path

    def sign_in_link(self, email: str = OWNER) -> str:
        """A new one-time link, as `etalage sign-in` makes it."""
        command = [sys.executable, "-m", "etalage", "sign-in", email]
        made = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=True)
        return made.stdout.strip()

    def run(self, program: str) -> None:
        """Run a few lines beside the shop, on its data."""
        subprocess.run([sys.executable, "-c", program], env=self._environment(), check=True, timeout=120)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ETALAGE_")}
        kept.pop("DATABASE_URL", None)
        return {**kept, "ETALAGE_DATA": str(self.folder), "DJANGO_SETTINGS_MODULE": "etalage.settings"}

    def ask(self, question: str, *values: str) -> str:
        """The first value that the shop's database answers, ids as they stand in addresses; "" for none."""
        with sqlite3.connect(f"file:{self.folder / 'etalage.sqlite3'}?mode=ro", uri=True) as database:
            row = database.execute(question, values).fetchone()
        found = str(row[0]) if row else ""
        return str(UUID(found)) if re.fullmatch("[0-9a-f]{32}", found) else found


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """Run `etalage demo` in `folder` until the end of the block."""
    command = [sys.executable, "-m", "etalage", "demo", "--small", "--pace", "0", "--no-browser"]
    command += ["--port", str(free_port()), "--folder", str(folder)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ETALAGE_")}
    environment["DJANGO_SETTINGS_MODULE"] = "etalage.settings"
    with (folder.parent / "demo.log").open("w+", encoding="utf-8") as log:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        try:
            said = _listen(running, folder.parent / "demo.log")
            yield Shop(said["Your shop"], said["Practice network"], folder)
        finally:
            running.terminate()
            running.communicate(timeout=30)


def _listen(running: subprocess.Popen[str], log: Path) -> dict[str, str]:
    """The addresses that the command prints, once the shop answers."""
    import time

    import httpx

    assert running.stdout
    told: list[str] = []
    for line in running.stdout:
        told.append(line)
        if line.strip().startswith("Stop"):
            break
    else:
        raise AssertionError("the demo ended: " + "".join(told) + log.read_text("utf-8"))
    found = dict(re.findall(r"^  (Your shop|Practice network) +(\S+)", "".join(told), re.M))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            httpx.get(found["Your shop"] + "/account/login/", trust_env=False, timeout=5)
            return found
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the shop does not answer: " + log.read_text("utf-8"))
