"""A worker in a process of its own, on the database whose name is the first argument; the second: threads.

With a third, the task `tick` is on the schedule, every so many seconds.
"""

import sys

import django
from django.conf import settings

if __name__ == "__main__":
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()

    import tests.jobs.work
    from etalage.jobs.registry import PERIODIC
    from etalage.jobs.schedule import every
    from etalage.jobs.worker import serve

    PERIODIC.clear()
    if len(sys.argv) > 3:
        every(seconds=int(sys.argv[3]))(tests.jobs.work.tick)
    serve(threads=int(sys.argv[2]), poll=0.05)
