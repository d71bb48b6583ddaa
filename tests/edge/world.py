"""The edge's small world: a shop's table of links, a network that signs, and a server on a free port."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from etalage.edge.app import EdgeApp, edge_app
from etalage.edge.click_log import ClickLog
from etalage.edge.config import EdgeConfig
from etalage.edge.journal import Journal
from etalage.edge.link_sources import SQLiteLinks
from etalage.edge.listener import bind
from etalage.edge.signatures import Reason, Verdict, judge, refused
from tests.edge.alone import settings

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)
VISITOR_KEY = b"key of the visitors in tests"
SECRETS = {"good": "the secret of good", "other": "the secret of other", "unset": "", "blank": "  "}

TABLE = """
CREATE TABLE publishing_trackedlink (
    id char(32) NOT NULL PRIMARY KEY, code varchar(16) NOT NULL UNIQUE, kind varchar(4) NOT NULL,
    target varchar(500) NOT NULL, expires_at datetime NULL, withdrawn bool NOT NULL
)
"""


class Shop:
    """The product's database as the edge sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "etalage.sqlite3"
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(TABLE)

    def link(
        self, code: str, target: str = "/shop/en/vase/", *, ends: str | None = None, kind: str = "post"
    ) -> str:
        """Make a link; `ends` as Django writes times. Returns its id in hex."""
        link_id = uuid.uuid4().hex
        self.change(
            "INSERT INTO publishing_trackedlink VALUES (?,?,?,?,?,0)", link_id, code, kind, target, ends
        )
        return link_id

    def change(self, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute(sql, values)

    def config(self, **changes: Any) -> EdgeConfig:
        wired: dict[str, Any] = {
            "data_folder": self.folder,
            "links": SQLiteLinks(self.path),
            "verifier": verify,
            "visitor_key": VISITOR_KEY,
            **changes,
        }
        return EdgeConfig(**wired)

    @property
    def clicks(self) -> ClickLog:
        return ClickLog(self.folder / "clicks.sqlite3")

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "journal.sqlite3")


def hand_out_again(path: Path, *ids: str) -> None:
    """Let deliveries wait once more whatever became of them, those of which anything is left."""
    with closing(sqlite3.connect(path)) as file, file:
        again = "UPDATE delivery SET state = 'waiting', attempts = 0 WHERE id = ? AND body IS NOT NULL"
        file.executemany(again, [(one,) for one in ids])


def signature(raw: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def verify(network: str, key: str, headers: Mapping[str, str], raw: bytes) -> Verdict:
    """What a connector of the practice kind does: HMAC over the raw body, its own delivery id."""
    if network != "practice" or key not in SECRETS:
        return refused(Reason.UNKNOWN)
    if "x-signature" not in headers:
        return refused(Reason.FORGED)

    def fits(secret: str, headers: Mapping[str, str], raw: bytes) -> bool:
        return hmac.compare_digest(signature(raw, secret).encode(), headers["x-signature"].encode())

    return judge(
        SECRETS[key], fits, headers, raw, delivery_id=headers.get("x-delivery"), keep=("x-topic", "x-missing")
    )


def signed(raw: bytes, delivery: str | None = None, *, key: str = "good", **more: str) -> dict[str, str]:
    """The headers of a genuine delivery."""
    named = {} if delivery is None else {"x-delivery": delivery}
    return {"x-signature": signature(raw, SECRETS[key]), "content-type": "application/json", **named, **more}


def event(number: int) -> bytes:
    return json.dumps({"event": number, "text": "Bonjour, c'est encore disponible ?"}).encode()


class Running:
    """A started edge; `client` follows no redirects."""

    def __init__(self, edge: EdgeApp, client: httpx.Client, url: str, port: int) -> None:
        self.edge, self.client, self.url, self.port = edge, client, url, port

    def tap(self, path: str, **headers: str) -> httpx.Response:
        """A person on a phone taps on a link; a header named "" is left out."""
        sent = {"user-agent": PHONE, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.get(path, headers=sent)

    def deliver(self, raw: bytes, delivery: str | None = None, *, key: str = "good") -> httpx.Response:
        return self.client.post(f"/hooks/practice/{key}", content=raw, headers=signed(raw, delivery, key=key))


@contextmanager
def running(config: EdgeConfig) -> Iterator[Running]:
    """The edge under a real uvicorn on a free loopback port; at the end everything is written and closed."""
    edge = edge_app(config)
    with bind("127.0.0.1", 0) as listener:
        server = uvicorn.Server(settings(edge))

        async def live() -> None:
            await edge.start()
            try:
                await server.serve(sockets=[listener])
            finally:
                await edge.stop()

        thread = threading.Thread(target=asyncio.run, args=(live(),))
        thread.start()
        port = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: server.started or not thread.is_alive())
            with httpx.Client(base_url=url, timeout=120) as client:
                yield Running(edge, client, url, port)
        finally:
            server.should_exit = True
            thread.join()


def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until it holds; a deadline, never a hope."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)
