"""Family `intake`: networks deliver signed webhooks, twice and out of order, to a program that is killed.

A round is one `kill -9`, at any moment of its life, the first included. What was answered with 200 is in the journal
exactly once, and once it is drained each thing is one row. Beside it an intake that says yes before it writes, and one
that knows no delivery again.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import socket
import sqlite3
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.conf import settings

from etalage.channels.actions import drain_incoming
from etalage.channels.items import key_of
from etalage.channels.models import Channel, Incoming, Listening
from etalage.edge import intake as edge_intake
from etalage.edge.signatures import WINDOW_S
from etalage.edge.writer import GroupWriter
from tests.faults import served
from tests.faults.crowd import Caller, Crowd, faults_of, troubles_of
from tests.faults.family import Line, Options, played, timed
from tests.faults.shop import manager

MOST = 40  # answers in a life
SENDERS = 16
CHANNELS = 4
PAUSE_S = (0.0, 0.02)
SECRET = "the network's own secret"
TOO_LATE_S = WINDOW_S + 1
AGAIN, MANY, FORGED = 0.35, 0.01, 0.05  # shares of deliveries


@dataclass(frozen=True)
class Case:
    """Who serves, what is done to the program, and for a control the count that must not be zero."""

    name: str
    part: served.Part = "edge"
    tamper: Callable[[], None] | None = None
    sees: str = ""
    share: float = 1.0  # of the rounds


def acknowledge_first() -> None:
    """Says yes at once, and writes what has gathered a moment later, as many do."""
    first = GroupWriter.__init__

    def gathering(self: Any, *arguments: Any, **options: Any) -> None:
        first(self, *arguments, **{**options, "linger_s": 0.02})

    async def commit(self: Any, item: Any) -> None:
        self.offer(item)

    GroupWriter.__init__ = gathering  # type: ignore[method-assign]
    GroupWriter.commit = commit  # type: ignore[method-assign]


def know_nothing_again() -> None:
    """Gives every delivery a name of its own, so that a second one is news."""
    edge_intake.delivery_key = lambda said, raw: uuid4().hex  # type: ignore[attr-defined]


CASES = [
    Case("intake: the edge alone"),
    Case("intake: the whole program", None, share=0.25),
    Case("control: acknowledged, then written", tamper=acknowledge_first, sees="lost", share=0.25),
    Case("control: no delivery is known again", tamper=know_nothing_again, sees="doubled", share=0.1),
]


def run(options: Options) -> list[Line]:
    """Every combination, each with channels of its own."""
    manager()
    served.warm("/en/shop/")
    with served.listening() as listener:
        return [
            played(functools.partial(_play, case, options, listener), bool(case.sees))
            for case in CASES
            if options.only in case.name
        ]


def _play(case: Case, options: Options, listener: socket.socket, number: int, is_final: bool) -> Line:
    chance = options.chance("intake", options.database, case.name, number)
    rounds = max(8, round(options.rounds * case.share))
    line = Line(case.name, {}, is_control=bool(case.sees), is_final=is_final)
    with timed(line):
        channels = [listening_channel(f"{case.name} {place}") for place in range(CHANNELS)]
        keys = [key_of(channel) for channel in channels]
        ledger = options.folder / f"{uuid4().hex}.jsonl"
        crowd = Crowd(ledger, listener.getsockname()[1], chance.random(), SENDERS, Sender(keys))
        work = served.serving(listener, case.part, case.tamper)

        def begin(number: int) -> tuple[Callable[[], None], bool]:
            is_cold = not (options.short or case.tamper) and number % served.COLD_EVERY == 0
            return (served.commanded(listener, case.part) if is_cold else work), is_cold

        ended = served.kill_often(rounds, chance, crowd, MOST, begin)
        with served.unharmed(work):
            notes = crowd.finish()
        verdict = _judge(channels, notes)
        line.counts = {"kills": rounds - ended, **verdict}
        if case.sees:
            line.broken = [] if verdict[case.sees] else [f"saw no {case.sees}"]
        else:
            line.broken = [name for name in MUST_BE_NONE if verdict[name]]
            line.broken += ["nothing was cut"] * (not verdict["cut"])
        line.broken += faults_of(notes) + ["it ended by itself"] * bool(ended)
    return line


def listening_channel(name: str) -> Channel:
    """A channel whose network has a secret and signs with it."""
    address = "http://127.0.0.1:9"
    channel = Channel.objects.create(
        network="practice", name=name, handle=uuid4().hex[:12], remote_id=uuid4().hex, base_url=address
    )
    Listening.objects.create(channel=channel, secret=SECRET)
    return channel


class Sender:
    """Networks: each delivery is sent until it is accepted; a third is sent again, some by another at that moment."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys
        self._sent: deque[tuple[str, str, bytes]] = deque(maxlen=60)

    def __call__(self, caller: Caller) -> None:
        chance = caller.chance
        if self._sent and chance.random() < AGAIN:
            key, name, body = chance.choice(tuple(self._sent))
        else:
            key, name = chance.choice(self._keys), uuid4().hex[:16]
            body = _body(name, 50 if chance.random() < MANY else chance.choice((1, 1, 1, 2)))
            if chance.random() < FORGED:
                name = f"forged-{name}"
            self._sent.append((key, name, body))
        headers = {"content-type": "application/json", **_signed(name, body)}
        answer = caller.until_answered("POST", f"/hooks/practice/{key}", body, headers)
        caller.note(name=name, key=key, status=answer.status)
        time.sleep(chance.uniform(*PAUSE_S))


def _signed(name: str, body: bytes) -> dict[str, str]:
    """Signed now. What is forged has another secret, or the right one and a moment that is long over."""
    is_forged = name.startswith("forged")
    is_late = is_forged and name[-1] in "01234567"
    moment = int(time.time()) - TOO_LATE_S * is_late
    secret = SECRET + "!" * (is_forged and not is_late)
    signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-practice-moment": str(moment), "x-practice-signature": f"sha256={signature}"}


def _body(name: str, number: int) -> bytes:
    items = [_item(f"{name}-{place}") for place in range(number)]
    return json.dumps({"name": name, "items": items}).encode()


def _item(remote_id: str) -> dict[str, Any]:
    author = {"id": "nora", "handle": "nora", "name": "Nora"}
    return {
        "kind": "comment",
        "id": remote_id,
        "author": author,
        "at": time.time(),
        "text": f"Is {remote_id} still there?",
        "language": "en",
        "status_id": "1",
        "in_reply_to": "",
        "url": "",
    }


MUST_BE_NONE = ("lost", "doubled", "forged", "unsound", "rows lost", "rows doubled", "refused", "errors")


def _judge(channels: list[Channel], notes: list[dict[str, Any]]) -> dict[str, int]:
    """Compare what the senders heard with the journal's file, then with the rows that come of it."""
    told = {(note["key"], note["name"]) for note in notes if note.get("status") == 200}
    refused = [note for note in notes if note.get("status", 200) != 200]
    forged = {(note["key"], note["name"].removeprefix("forged-")) for note in refused}
    there, items, sound = _journal({key_of(channel) for channel in channels})
    while drain_incoming():
        pass
    rows = Counter(
        Incoming.objects.filter(channel__in=channels).values_list("channel_id", "remote_id", "kind")
    )
    seen = Counter(f"{channel.hex}:{remote_id}" for channel, remote_id, _kind in rows.elements())
    last = next(note for note in reversed(notes) if "tries" in note)
    return {
        "sent": last["tries"],
        "cut": last["cut"],
        "acknowledged": len(told),
        "rows": len(seen),
        "lost": len(told - there.keys()),
        "doubled": sum(count > 1 for count in there.values()),
        "forged": len(forged & there.keys()) + sum(name.startswith("forged") for _key, name in told),
        "refused": sum(not note["name"].startswith("forged") for note in refused),
        "rows lost": len(items - seen.keys()),
        "rows doubled": sum(count > 1 for count in seen.values()) + len(seen.keys() - items),
        "errors": troubles_of(notes),
        "unsound": int(not sound),
    }


def _journal(keys: set[str]) -> tuple[Counter[tuple[str, str]], set[str], bool]:
    """Every delivery to these keys by its name, every thing in them, and whether the file is sound."""
    with closing(sqlite3.connect(settings.DATA / "journal.sqlite3")) as database:
        sound = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = [
            (key, json.loads(body))
            for key, body in database.execute("SELECT key, body FROM delivery")
            if key in keys
        ]
    names = Counter((key, body["name"]) for key, body in rows)
    return names, {f"{key}:{item['id']}" for key, body in rows for item in body["items"]}, sound
