"""A full disk, recognized for what it is whoever met it: the file system or either database."""

from __future__ import annotations

import errno
import sqlite3

from etalage.kit.errors import Refusal, gettext_noop

_POSTGRESQL_DISK_FULL = "53100"
RESERVE_BYTES = 64 * 1024 * 1024


class DiskFull(Refusal):
    """No room is left: nothing was lost, and the import can be started again once there is."""

    def __init__(self) -> None:
        super().__init__(
            gettext_noop(
                "The disk of the server is full. Make room, then start the import again: it goes on by itself."
            ),
            code="disk_full",
            status=507,
        )


def is_disk_full(error: BaseException) -> bool:
    """Whether an OSError or a database error says that no room is left."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    cause = error.__cause__ or error
    return (
        getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(cause, "sqlstate", None) == _POSTGRESQL_DISK_FULL
    )
