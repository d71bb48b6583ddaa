"""`etalage serve worker`, the command itself, with the tasks of the family `queue` and nothing else on its schedule."""

from __future__ import annotations

import django

if __name__ == "__main__":
    django.setup()  # tasks stand on the shop's tables

    from etalage.cli import main
    from tests.faults import queue_work

    queue_work.leave_out_the_rooms()
    main(["serve", "worker"])
