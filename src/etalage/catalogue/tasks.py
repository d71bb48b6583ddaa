"""Background work of the room: the files of pictures, fetched from addresses and deleted."""

from __future__ import annotations

from uuid import UUID

from etalage.catalogue import storage
from etalage.catalogue.actions.pictures import fetch_wanted
from etalage.jobs import RetryAt, task


@task(priority=-10)
def fetch_picture(wanted_id: UUID) -> str:
    """Fetch one picture; what may be better later is tried again some times."""
    outcome = fetch_wanted(wanted_id)
    if outcome.again_at:
        raise RetryAt(outcome.again_at, outcome.reason)
    return outcome.reason


@task()
def forget_files(names: list[str]) -> None:
    """Delete the files of pictures that were taken out of the catalogue."""
    storage.forget_files(names)
