"""The list of who was erased, in the data folder: random ids that tell nobody who it was, outside of every backup.

A backup that is put back brings people back who asked to be forgotten since; by this list they are erased again. An id
is that of a row of the shop's own: of a customer, or of one thing that somebody did on a network. No digest of what a
network calls a person: ids there can be counted through, so that who has the key could ask it for everybody, and who
has changed the key could ask no more.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

log = logging.getLogger(__name__)
LIST = "erased-people.txt"


def note_erased(ids: Iterable[UUID]) -> None:
    """Add these ids. Called after the commit; a disk that refuses is logged, and the next backup reads the database."""
    try:
        descriptor = os.open(settings.DATA / LIST, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines(f"{one}\n" for one in ids)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        log.error("an erasure could not be noted in %s: %s", LIST, error.strerror)


def read_list(path: Path) -> set[UUID]:
    """The ids in a list; lines that are none, such as one that a power cut tore, are left out."""
    found = set()
    if path.exists():
        for line in path.read_text("ascii", errors="replace").split():
            with suppress(ValueError):
                found.add(UUID(line))
    return found


def write_list(path: Path, ids: set[UUID]) -> None:
    """Write the whole list anew, at once or not at all."""
    if not ids:
        return
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{one}\n" for one in sorted(ids))
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
