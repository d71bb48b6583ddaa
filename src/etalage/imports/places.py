"""Where imported files lie while they are needed, and how those that nobody needs go."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

from etalage.kit.rooms import clear_rooms, room_to_work

READING = "reading-"


def uploads() -> Path:
    """The folder of uploaded files; made when it is missing, closed to other users of the machine."""
    folder = Path(settings.DATA) / "imports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def uploaded() -> dict[UUID, Path]:
    """The files that were uploaded, by the run that each was kept for."""
    found = {}
    for path in uploads().iterdir():
        with suppress(ValueError):  # the folders beside them
            found[UUID(path.name)] = path
    return found


def refused_file(run_id: UUID, attempt: int) -> Path:
    """Where the refused rows of one attempt go: an attempt that was given up never writes into its successor's."""
    return uploads() / "refused" / f"{run_id}-{attempt}.csv"


def drop_refused(run_id: UUID) -> None:
    """Delete the refused rows of every attempt of a run, also of those that were killed: the run names its last."""
    for path in (uploads() / "refused").glob(f"{run_id}-*.csv"):
        path.unlink(missing_ok=True)


def reading_room() -> AbstractContextManager[Path]:
    """A folder for what is laid by while a file is read: gone in the end, after a kill with the next one."""
    return room_to_work(uploads(), READING)


def clear_reading_rooms() -> None:
    """Delete what killed programs had laid by."""
    clear_rooms(uploads(), READING)
