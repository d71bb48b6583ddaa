"""Running what is due in this thread, for tests and for commands that wait for their own work."""

from __future__ import annotations

from etalage.jobs.claim import claim, due_lanes
from etalage.jobs.execute import Outcome, execute, lease_of
from etalage.jobs.leaseclock import seconds


def run_until_idle(limit: int = 1000, *, raising: bool = True) -> int:
    """Run every job that is due, also those that jobs enqueue, in this thread; return how many ran.

    A failure is recorded with its job as in a worker, and then raised unless `raising` is False. Raises
    RuntimeError when more than `limit` jobs ran: something enqueues itself without end.
    """
    ran = 0
    while lanes := due_lanes():
        for lane in lanes:
            started = seconds()
            for job in claim(lane, "this thread", 1):
                ran += 1
                _raise_failure(execute(job, lease_of(job, started)), raising)
                if ran > limit:
                    raise RuntimeError(f"more than {limit} jobs ran")
    return ran


def _raise_failure(outcome: Outcome, raising: bool) -> None:
    if raising and outcome.error is not None:
        raise outcome.error
