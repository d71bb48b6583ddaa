"""`python -m etalage.demo.network_program`: the practice network, which ends when whoever started it is gone.

Its standard input is a pipe that nobody writes to: it is closed by the system even when the demo is killed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from etalage.networks.practice.server.__main__ import main


def end_with_parent() -> None:
    """Ask this process to stop once standard input is closed."""
    while os.read(0, 1024):  # not sys.stdin, whose lock would be held when the interpreter ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, name="parent", daemon=True).start()
    sys.exit(main(sys.argv[1:]))
