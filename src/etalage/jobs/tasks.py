"""The room's own periodic work."""

from __future__ import annotations

from etalage.jobs import actions
from etalage.jobs.declare import task
from etalage.jobs.schedule import every


@every(hours=1)
@task()
def prune_jobs() -> int:
    """Remove finished jobs, old events and live changes."""
    return actions.prune()
