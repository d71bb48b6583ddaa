"""Is it the store that is out of order, for now? Then whoever asked is told to come again, and nobody that we broke."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import suppress

from django.db import DatabaseError, InterfaceError, OperationalError, connection

_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
#: Classes of PostgreSQL's codes (appendix A): connection exception, insufficient resources, operator intervention;
#: and of the class of wrong transactions the one that every write gets from a server that takes none.
_POSTGRESQL = ("08", "53", "57", "25006")
_GAVE_WAY = frozenset({"40001", "40P01"})  # serialization failure, deadlock detected


def is_outage(error: BaseException | None) -> bool:
    """Whether a database or a disk cannot serve at the moment: away, locked, full or read-only."""
    if isinstance(error, OSError):
        return error.errno in _DISK
    if isinstance(error, InterfaceError):
        return True  # the connection has died under our hands
    if not isinstance(error, DatabaseError):
        return False
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE
    state = getattr(cause, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)  # without a code, no server answered at all
    return bool(state.startswith(_POSTGRESQL))


def gave_way(error: BaseException | None) -> bool:
    """Whether PostgreSQL ended a transaction only so that another could go on: it may be done again, whole."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else None
    return getattr(cause, "sqlstate", None) in _GAVE_WAY


def look_at_connection() -> None:
    """Have this thread's connection looked at before its next use: it may be broken, or lead to a replaced file.

    Whoever lives longer than a request calls it now and then, outside of transactions. It never raises: a connection
    that cannot even be closed is made anew all the same.
    """
    if not connection.in_atomic_block:
        with suppress(Exception):
            connection.close_if_unusable_or_obsolete()
