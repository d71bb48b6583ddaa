"""What a network delivered to us: one durable row per delivery, unique by network, key and delivery id."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from etalage.edge.store import SQLiteStore

LONGEST_ID = 200

_SCHEMA = (
    """
    CREATE TABLE delivery (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        network TEXT NOT NULL,
        key TEXT NOT NULL,
        delivery_id TEXT NOT NULL,
        received_us INTEGER NOT NULL,
        headers TEXT NOT NULL,
        body BLOB,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed')),
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before_us INTEGER NOT NULL DEFAULT 0,
        changed_us INTEGER,
        reason TEXT NOT NULL DEFAULT '',
        UNIQUE (network, key, delivery_id)
    )
    """,
    "CREATE INDEX delivery_waiting ON delivery (seq) WHERE state = 'waiting'",
    "CREATE INDEX delivery_failed ON delivery (seq) WHERE state = 'failed'",
    "CREATE INDEX delivery_kept ON delivery (changed_us) WHERE state = 'done' AND body IS NOT NULL",
)


class Delivery(NamedTuple):
    """One verified delivery as it goes into the journal; `headers` is JSON, `body` the signed bytes."""

    id: str
    network: str
    key: str
    delivery_id: str
    received_us: int
    headers: str
    body: bytes


def journal_store(path: Path, *, is_known: bool = False) -> SQLiteStore[Delivery]:
    """The journal's file. FULL: the sender hears 200 only after the rows are on the disk. `is_known`: never make it."""
    return SQLiteStore(path, _SCHEMA, "delivery", Delivery._fields, "FULL", is_known=is_known)


def delivery_key(said: str | None, raw: bytes) -> str:
    """What makes a delivery recognisable as the same one: the network's id, else a hash of the body.

    An id that is too long, or holds what a database cannot store, is hashed as well.
    """
    if not said:
        return "sha256:" + hashlib.sha256(raw).hexdigest()
    if len(said) <= LONGEST_ID and said.isprintable():
        return said
    return "id-sha256:" + hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()
