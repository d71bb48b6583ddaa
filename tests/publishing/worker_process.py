"""A worker of its own process on the test's database: says "ready", waits for a line, delivers what is due."""

from __future__ import annotations

import os
import sys


def main(database: str) -> None:
    """Deliver once on this database."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from etalage.publishing.delivery import crew

    print("ready", flush=True)
    sys.stdin.readline()
    crew.deliver()


if __name__ == "__main__":
    main(sys.argv[1])
