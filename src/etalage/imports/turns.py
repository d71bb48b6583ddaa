"""One writer at a time: two files that are read at once do not make the same thing twice."""

from __future__ import annotations

import zlib

from django.db import connection


def take_turn(what: str) -> None:
    """Wait until no other transaction holds the turn for `what`; it is given back when this one ends.

    SQLite has one writer anyway, and its transactions begin as writers (IMMEDIATE).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [0x657461, zlib.crc32(what.encode()) >> 1])
