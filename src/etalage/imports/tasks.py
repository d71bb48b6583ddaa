"""Background work of the room: reading a file, and letting go of old ones."""

from __future__ import annotations

from uuid import UUID

from etalage.imports import actions
from etalage.imports.running import execute
from etalage.jobs import task
from etalage.jobs.schedule import every

LONGEST_SECONDS = 6 * 60 * 60


@task(max_attempts=5, time_limit=LONGEST_SECONDS)
def run_import(run_id: UUID) -> str:
    """Read the file of a run; after a crash it is simply read again."""
    return execute(run_id).state


@every(days=1)
@task()
def let_go_of_files() -> int:
    """Delete files that nobody needs any more."""
    return actions.let_go_of_files()
