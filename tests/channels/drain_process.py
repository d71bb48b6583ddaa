"""A process of its own that drains: `python -m tests.channels.drain_process DATABASE FOLDER [naive]`.

The guild's deliveries that say "dies" end the process that reads them, as the kernel does for one that took too much
memory, or as a fault in a C library does. The naive way counts an attempt after its work.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings

TRIES = 4  # a process takes seconds to start


def naive() -> None:
    """Each delivery in its order; what happened is noted afterwards."""
    from etalage.channels.actions.incoming import take_in
    from etalage.channels.queries import journal

    for one in journal().pending():
        take_in(one.network, one.key, [one])
        journal().mark_done(*journal().begin([one]))


def drain() -> None:
    """As the job does; what is put aside stays there until the test says that time has passed."""
    from etalage.channels.actions import drain_incoming, incoming

    incoming.FIRST_WAIT, incoming.MOST_TRIES = timedelta(hours=1), TRIES
    drain_incoming()


if __name__ == "__main__":
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    settings.DATA = Path(sys.argv[2])
    django.setup()

    from etalage.networks import registry
    from tests.channels.guild import GuildConnector

    class Deadly(GuildConnector):
        """Ends its process."""

        def parse(self, raw: bytes) -> list[object]:  # type: ignore[override]
            if b"kill" in raw:
                os.kill(os.getpid(), signal.SIGKILL)
            if b"segfault" in raw:
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                ctypes.string_at(0)
            return list(super().parse(raw))

    registry.CONNECTORS["guild"] = "tests.channels.drain_process:Deadly"
    sys.modules["tests.channels.drain_process"] = sys.modules["__main__"]
    (naive if sys.argv[3:] == ["naive"] else drain)()
