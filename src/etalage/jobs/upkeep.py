"""Keeps the database quick: SQLite looks again at how its tables have grown; PostgreSQL does so by itself, in time."""

from __future__ import annotations

from django.db import connection


def refresh_statistics() -> bool:
    """Let SQLite's planner know the tables as they are now (sqlite.org/lang_analyze.html).

    Returns False where there is nothing to do. It reads a sample of each index, and is brief.
    """
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA analysis_limit = 400")
        cursor.execute("ANALYZE")
    return True
