"""People and networks that ask: many at once in a process of their own, who come again until they are answered.

What they were told is written down at once, in a file: the ledger of what was acknowledged.
"""

from __future__ import annotations

import http.client
import json
import mmap
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.faults import workers

PATIENCE_S = 60.0
ANSWER_S = 40.0  # longer than a shop waits for a locked file; who is killed hangs up at once
COUNT_BYTES = 8


class GaveUp(Exception):
    """Nobody answered for as long as anybody waits."""


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Caller:
    """One of the crowd: a keeper of one connection. `tries` counts requests, `cut` those without a whole answer."""

    number: int
    port: int
    chance: random.Random
    note: Callable[..., None]
    heard: Callable[[], None]
    tries: int = 0
    cut: int = 0
    address: str = "127.0.0.1"
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def from_anywhere(self) -> None:
        """Go on from another address of this machine, as another person."""
        self._hang_up()
        self.address = ".".join(map(str, (127, *(self.chance.randint(1, 254) for _ in range(3)))))

    def another(self) -> Caller:
        """A second window of the same person."""
        return Caller(self.number, self.port, self.chance, self.note, self.heard, address=self.address)

    def once(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer | None:
        """One try; None when there came no whole answer."""
        self.tries += 1
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=ANSWER_S, source_address=(self.address, 0)
            )
        try:
            self._connection.request(method, path, body, dict(headers or {}))
            answer = self._connection.getresponse()
            whole = Answer(answer.status, _lower(answer), answer.read().decode())
        except (OSError, http.client.HTTPException):
            self.cut += 1
            self._hang_up()
            return None
        self.heard()
        return whole

    def until_answered(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Try until the answer is none of the server's own troubles. Raises GaveUp."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            answer = self.once(method, path, body, headers)
            if answer is not None:
                if answer.status < 500:
                    return answer
                self.note(trouble=answer.status)
            time.sleep(self.chance.uniform(0.001, 0.02))
        raise GaveUp(f"{method} {path}")

    def form(self, path: str, fields: Mapping[str, object], cookies: Mapping[str, str]) -> Answer:
        """Send a form until it is answered."""
        return self.until_answered("POST", path, *_form(fields, cookies))

    def form_once(self, path: str, fields: Mapping[str, object], cookies: Mapping[str, str]) -> Answer | None:
        """Send a form once; None when there came no whole answer."""
        return self.once("POST", path, *_form(fields, cookies))

    def page(self, path: str, cookies: Mapping[str, str]) -> Answer:
        """Ask for a page until it is answered."""
        jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return self.until_answered("GET", path, headers={"cookie": jar} if jar else {})

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _lower(answer: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.getheaders()}


def _form(fields: Mapping[str, object], cookies: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a form; the token against foreign forms is the visitor's own."""
    token = "f" * 32
    jar = "; ".join(f"{name}={value}" for name, value in {**cookies, "csrf": token}.items())
    body = urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
    return body, {"content-type": "application/x-www-form-urlencoded", "cookie": jar}


Live = Callable[[Caller], None]


class Crowd:
    """So many callers, who each do `live` again and again until `finish`; nothing is left half done."""

    def __init__(self, ledger: Path, port: int, seed: object, number: int, live: Live) -> None:
        self._ledger = ledger
        self._answers = mmap.mmap(-1, COUNT_BYTES)  # shared with the crowd's process
        self._pid = workers.start(lambda: self._run(port, seed, number, live))

    def answers(self) -> int:
        """How many whole answers they have heard so far."""
        return int.from_bytes(self._answers[:COUNT_BYTES], "little")

    def is_gone(self) -> bool:
        """Whether it ended before it was told to."""
        return workers.is_gone(self._pid)

    def finish(self) -> list[dict[str, Any]]:
        """Let everybody finish what they began; everything that was noted. The crowd is gone afterwards."""
        os.kill(self._pid, signal.SIGTERM)
        workers.wait(self._pid)
        return [json.loads(line) for line in self._ledger.read_text().splitlines()]

    def _run(self, port: int, seed: object, number: int, live: Live) -> None:
        stopping, lock, told = threading.Event(), threading.Lock(), list[int]()
        signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
        with self._ledger.open("a") as ledger:

            def note(**facts: Any) -> None:
                with lock:
                    ledger.write(json.dumps(facts) + "\n")
                    ledger.flush()

            def heard() -> None:
                with lock:
                    self._answers[:COUNT_BYTES] = (self.answers() + 1).to_bytes(COUNT_BYTES, "little")

            callers = [
                Caller(place, port, random.Random(f"{seed}:{place}"), note, heard) for place in range(number)
            ]
            threads = [threading.Thread(target=_live, args=(caller, live, stopping)) for caller in callers]
            for thread in threads:
                thread.start()
            while not told:  # an event must not be set by a handler: its lock may be held right there
                time.sleep(0.05)
                if os.getppid() == 1:
                    os._exit(1)  # whoever asked for us is gone
            stopping.set()
            for thread in threads:
                thread.join()
            note(tries=sum(one.tries for one in callers), cut=sum(one.cut for one in callers))


def _live(caller: Caller, live: Live, stopping: threading.Event) -> None:
    try:
        while not stopping.is_set():
            live(caller)
    except BaseException as error:
        caller.note(fault="".join(traceback.format_exception(error))[-1500:])


def faults_of(notes: list[dict[str, Any]]) -> list[str]:
    """What went wrong with the callers themselves; said, because nothing else would show it."""
    found = [note["fault"] for note in notes if "fault" in note]
    for fault in found[:2]:
        sys.stderr.write(fault)
    return ["a caller gave up"] if found else []


def troubles_of(notes: list[dict[str, Any]]) -> int:
    """How often the program answered with an error of its own (503 asks to come again, and is none)."""
    return sum(note.get("trouble", 503) != 503 for note in notes)
