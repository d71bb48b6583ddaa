"""The room's own periodic work."""

from __future__ import annotations

from etalage.jobs import actions, upkeep
from etalage.jobs.declare import task
from etalage.jobs.schedule import every


@every(hours=1)
@task()
def prune_jobs() -> int:
    """Remove finished jobs, old events and live changes."""
    return actions.prune()


@every(hours=6)
@task()
def refresh_statistics() -> bool:
    """Keep lists quick as the shop grows."""
    return upkeep.refresh_statistics()
