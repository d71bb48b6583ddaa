"""A shop to whose channels networks delivered in turn, and the same rows written barely; for `in_shop`."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.measure import Timing, timed

PER_COMMIT = 500
#: The tables that a drain fills, and how to find the rows of one.
TABLES = {
    "channels_incoming": "remote_id LIKE %s",
    "jobs_event": "replace(json_extract(payload, '$.incoming_id'), '-', '') IN"
    " (SELECT id FROM channels_incoming WHERE remote_id LIKE %s)",
}


def open_shop(channels: int) -> list[str]:
    """An empty shop with so many channels that are listened to; their keys in the journal."""
    from django.core.management import call_command

    from etalage.channels.models import Channel, Listening

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    rows = [
        Channel(
            network="practice", name=f"{n}", handle=f"{n}", remote_id=f"{n}", base_url="https://x.example"
        )
        for n in range(channels)
    ]
    Channel.objects.bulk_create(rows)
    Listening.objects.bulk_create(Listening(channel=row) for row in rows)
    return [row.pk.hex for row in rows]


def drained(keys: list[str], count: int, bad_in: int, seed: int) -> tuple[Timing, int]:
    """Have `count` deliveries come in for all channels mixed, one of `bad_in` unreadable, and take them in.

    Returns how long the taking in took, and how many were taken in.
    """
    from etalage.channels.actions import drain_incoming
    from etalage.channels.actions.listening import journal

    chance = random.Random(seed)
    for at in range(0, count, PER_COMMIT):
        some = range(at, min(count, at + PER_COMMIT))
        journal().keep([_delivery(chance.choice(keys), seed, n, bad_in) for n in some], min_free_bytes=0)
    handled = 0

    def drain() -> None:
        nonlocal handled
        handled = drain_incoming()

    return timed(drain), handled


def _delivery(key: str, seed: int, number: int, bad_in: int) -> Any:
    from etalage.edge.deliveries import Delivery
    from etalage.kit import clock
    from etalage.kit.ids import uuid7_hex

    name = f"{seed}-{number}"
    item = {
        "kind": "comment",
        "id": name,
        "author": {"id": f"nora-{number % 50}", "handle": "nora", "name": "Nora"},
        "at": time.time(),
        "text": "Bonjour, c'est encore disponible ?",
        "language": "fr",
        "status_id": "1",
        "in_reply_to": "",
        "url": "",
    }
    body = b"<html>" if number % bad_in == 0 else json.dumps({"name": name, "items": [item]}).encode()
    now_us = clock.to_micros(clock.now())
    return Delivery(uuid7_hex(), "practice", key, name, now_us, "{}", body)


def bare(folder: str, seed: int) -> Timing:
    """Write the rows that this drain made once more, into empty tables of the same make, and do nothing else."""
    from django.db import connection

    path = Path(folder) / f"bare-{seed}.sqlite3"
    rows: dict[str, list[Any]] = {}
    with connection.cursor() as cursor, closing(sqlite3.connect(path, isolation_level=None)) as empty:
        empty.execute("PRAGMA journal_mode=WAL")
        empty.execute("PRAGMA synchronous=FULL")
        for table, which in TABLES.items():
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL", [table])
            for (sql,) in cursor.fetchall():
                empty.execute(sql)
            cursor.execute(f"SELECT * FROM {table} WHERE {which}", [f"{seed}-%"])
            rows[table] = cursor.fetchall()
        if len({len(every) for every in rows.values()}) != 1:
            raise RuntimeError("a thing was announced other than once")

        def write() -> None:
            for table, every in rows.items():
                marks = ", ".join("?" * len(every[0]))
                for at in range(0, len(every), PER_COMMIT):
                    empty.execute("BEGIN IMMEDIATE")
                    empty.executemany(f"INSERT INTO {table} VALUES ({marks})", every[at : at + PER_COMMIT])
                    empty.execute("COMMIT")

        return timed(write)
