"""The practice network beside the demo: its own process, ended with this one, and what is put on it beforehand."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx

from etalage.networks.abilities import Mechanism

PROGRAM = "etalage.demo.network_program"
LEDGER = "practice.sqlite3"
PATIENCE = 10  # seconds for the program to end by itself
ACCOUNTS = (
    ("sirocco", "Atelier Sirocco", "en", Mechanism.IDEMPOTENCY_KEY),
    ("sirocco.fr", "Atelier Sirocco · Bruxelles & Lille", "fr", Mechanism.CLIENT_KEY),
    ("sirocco.gent", "Atelier Sirocco · Gent", "nl", Mechanism.READ_BACK),
    ("sirocco.ar", "أتيليه سيروكو", "ar", Mechanism.NONE),
)


class NetworkFailed(Exception):
    """The practice network did not start; the text says where its log is."""


class PracticeNetwork:
    """A running practice network and the way to its back door."""

    def __init__(self, folder: Path, port: int, seed: int, shop: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "network.log"
        command = [sys.executable, "-m", PROGRAM, "--folder", str(folder), "--port", str(port)]
        command += ["--seed", str(seed), "--shop", shop]
        with self.log.open("a", encoding="utf-8") as log:
            # A session of its own: Ctrl-C in the terminal reaches the demo, which then ends this in good order.
            self.process = subprocess.Popen(  # noqa: S603 our own program
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.address = ""
        self._http = httpx.Client(timeout=30, trust_env=False)

    def wait(self) -> str:
        """The address, once it can be reached. Raises NetworkFailed."""
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise NetworkFailed(f"The practice network did not start. Its log: {self.log}")
        return self.address

    def open_account(self, handle: str, name: str, language: str, face: str) -> str:
        """Register an account and return its token."""
        wish = {"handle": handle, "name": name, "language": language, "face": face}
        return str(self._post("/api/accounts", json=wish)["token"])

    def upload(self, token: str, picture: bytes) -> str:
        """Put a JPEG into an account's store and return its id."""
        headers = {"authorization": f"Bearer {token}", "content-type": "image/jpeg"}
        return str(self._post("/api/media", content=picture, headers=headers)["id"])

    def put_in_the_past(self, handle: str, statuses: Iterable[dict[str, Any]]) -> list[str]:
        """Let statuses of the past stand on the network; returns their ids in the same order."""
        return list(self._post("/script/history", json={"handle": handle, "statuses": list(statuses)})["ids"])

    def let_comment(self, handle: str, status_id: str, author: str, language: str, text: str) -> None:
        """Let somebody comment on a status now."""
        act = {"kind": "comment", "handle": handle, "status_id": status_id, "author": author}
        self._post("/script/acts", json={**act, "language": language, "text": text})

    def set_pace(self, pace: float) -> None:
        """How busy people are, in acts per minute."""
        self._post("/script/people", json={"pace": pace})

    def _post(self, path: str, **request: Any) -> Any:
        return self._http.post(self.address + path, **request).raise_for_status().json()

    def stop(self) -> None:
        """End the program and wait for it; the second time does nothing."""
        self._http.close()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()


def move_shop(network_folder: Path, old: str, new: str) -> None:
    """Let the links of published posts lead to the shop's new address. Only while the network stands still."""
    if old == new or not (network_folder / LEDGER).exists():
        return
    with closing(sqlite3.connect(network_folder / LEDGER)) as ledger, ledger:
        ledger.execute(
            "UPDATE statuses SET text = replace(text, ?, ?), link = replace(link, ?, ?)",
            (f"{old}/l/", f"{new}/l/", f"{old}/l/", f"{new}/l/"),
        )
