"""Live updates: `tell` names what changed; the event stream passes on names only, never data."""

from __future__ import annotations

from etalage.jobs.models import LiveChange


def tell(*names: str) -> None:
    """Note that the parts of the pages called so changed; seen by open pages after the commit."""
    LiveChange.objects.bulk_create([LiveChange(name=name) for name in names])
