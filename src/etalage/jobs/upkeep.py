"""Keeps the database quick: SQLite looks again at how its tables have grown; PostgreSQL does so by itself."""

from __future__ import annotations

from django.db import connection


def refresh_statistics() -> bool:
    """Let SQLite's planner know the tables as they are now (sqlite.org/pragma.html#pragma_optimize).

    Returns False where there is nothing to do. It reads a sample of each table that changed much, and is brief.
    """
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA optimize = 0x10002")
    return True
