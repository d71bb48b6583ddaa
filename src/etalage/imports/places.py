"""Where imported files lie while they are needed."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.conf import settings


def uploads() -> Path:
    """The folder of uploaded files; made when it is missing, closed to other users of the machine."""
    folder = Path(settings.DATA) / "imports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def refused_file(run_id: UUID, attempt: int) -> Path:
    """Where the refused rows of one attempt go: an attempt that was given up never writes into its successor's."""
    return uploads() / "refused" / f"{run_id}-{attempt}.csv"
