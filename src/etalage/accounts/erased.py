"""The list of who was erased, in the data folder and outside of every backup.

A backup that is put back brings people back who asked to be forgotten since; by this list they are erased again. A
line is the random id of a row of the shop's own (a customer, or one thing that somebody did on a network), or a keyed
digest of what a network calls a person with the moment ("author:…"), or the key of the digests ("key:…"): a restore
that has lost all other keys must still know who was erased. Ids at networks can be counted through, so that whoever has
the list may ask it whether a certain account is on it, and no more. It is as private as the backups beside it, which
hold more.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

log = logging.getLogger(__name__)
LIST = "erased-people.txt"
AUTHOR, KEY = "author:", "key:"
_LINE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|author:[0-9a-f]{64}:\d{1,18}|key:[\w-]{43}", re.ASCII
)


def note_erased(lines: Iterable[object]) -> None:
    """Add these. Called after the commit; a disk that refuses is logged, and the next backup reads the database."""
    try:
        descriptor = os.open(settings.DATA / LIST, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            # It begins with a line's end: a power cut may have torn the last one.
            file.write("".join(f"\n{one}" for one in lines) + "\n")
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        log.error("an erasure could not be noted in %s: %s", LIST, error.strerror)


def read_list(path: Path) -> set[str]:
    """The lines of a list; what is none, such as one that a power cut tore, is left out."""
    if not path.exists():
        return set()
    return {line for line in path.read_text("ascii", errors="replace").split() if _LINE.fullmatch(line)}


def ids_in(lines: Iterable[str]) -> set[UUID]:
    """The ids of rows among these lines."""
    found = set()
    for line in lines:
        with suppress(ValueError):
            found.add(UUID(line))
    return found


def keys_in(lines: Iterable[str]) -> set[str]:
    """The keys of the digests among these lines."""
    return {line.removeprefix(KEY) for line in lines if line.startswith(KEY)}


def authors_in(lines: Iterable[str]) -> dict[str, int]:
    """The digests among these lines, and when each was erased the last time (UTC microseconds)."""
    found: dict[str, int] = {}
    for line in lines:
        if line.startswith(AUTHOR):
            digest, _colon, at_us = line.removeprefix(AUTHOR).partition(":")
            found[digest] = max(int(at_us), found.get(digest, 0))
    return found


def write_list(path: Path, lines: set[str]) -> None:
    """Write the whole list anew, at once or not at all."""
    if not lines:
        return
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{one}\n" for one in sorted(lines))
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
