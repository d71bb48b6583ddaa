"""A worker in a process of its own, on the database whose name is the first argument; the second: threads.

With a third, the task `tick` is on the schedule, every so many seconds.
"""

from __future__ import annotations

import sys

import django
from django.conf import settings


def serve(threads: int) -> bool:
    """Run a worker in the main thread until SIGTERM; the work at hand is finished first."""
    from etalage.cli.serve import Ending
    from etalage.jobs.worker import Worker

    ending = Ending()
    ending.listen()
    return Worker(threads, 0.05).run(ending.stop)


if __name__ == "__main__":
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()

    import tests.jobs.work
    from etalage.jobs.registry import PERIODIC
    from etalage.jobs.schedule import every

    PERIODIC.clear()
    if len(sys.argv) > 3:
        every(seconds=int(sys.argv[3]))(tests.jobs.work.tick)
    serve(int(sys.argv[2]))
