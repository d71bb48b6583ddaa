"""A worker in a process of its own, on the database whose name is the first argument; the second: threads."""

import sys

import django
from django.conf import settings

if __name__ == "__main__":
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()

    import tests.jobs.work  # noqa: F401
    from etalage.jobs.registry import PERIODIC
    from etalage.jobs.worker import serve

    PERIODIC.clear()
    serve(threads=int(sys.argv[2]), poll=0.05)
