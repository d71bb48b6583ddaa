"""The control: an intake that says yes first and writes soon after, as many do."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any


class HastyIntake:
    """Acknowledges at once and commits what has gathered every 50 ms."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS delivery (delivery_id TEXT UNIQUE)")
        self._gathered: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            batch, self._gathered = self._gathered, []
            self._db.executemany("INSERT OR IGNORE INTO delivery VALUES (?)", [(name,) for name in batch])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._task = self._task or asyncio.create_task(self._write())
        while (await receive()).get("more_body"):
            pass
        self._gathered.append(dict(scope["headers"])[b"x-delivery"].decode())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
