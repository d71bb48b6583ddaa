"""Live updates: `tell` names what changed; the event stream passes on names only, never data."""

from __future__ import annotations

from etalage.jobs.models import LiveChange


def tell(name: str) -> None:
    """Note that the part of the pages called `name` changed; seen by open pages after the commit."""
    LiveChange.objects.create(name=name)
