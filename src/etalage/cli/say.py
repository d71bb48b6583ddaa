"""What the command line says: plain lines to standard output, troubles to standard error."""

from __future__ import annotations

import sys

NO_SHOP = 'There is no shop here yet. Make one first: etalage init --name "My shop" --email me@example.com'


def say(line: str = "") -> None:
    """Print one line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(line: str) -> int:
    """Print one trouble and return the exit status that goes with it."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
    return 1
