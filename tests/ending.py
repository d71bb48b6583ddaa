"""Programs that end when whoever started them ends, also where that was killed and could tidy up nothing.

    subprocess.Popen(command, preexec_fn=with_parent)

Linux does it: a process is sent SIGKILL when the thread that started it is gone. So start from a thread that stays.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
OWNER = "owner"
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def with_parent() -> None:
    """In a process that was just forked: end when the parent ends. Elsewhere than on Linux nothing happens."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def named(pid: int) -> str:
    """A process by its number and the tick at which it began, because numbers come again; "" when there is none."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{pid} {words[19]}"


def own(folder: Path) -> None:
    """Write into a folder that this process owns it."""
    (folder / OWNER).write_text(named(os.getpid()))


def remove_ownerless(places: list[Path], prefix: str) -> list[Path]:
    """Remove the folders of runs that were killed; those that were removed. One without a note is left alone."""
    removed = []
    for folder in (found for place in places for found in place.glob(f"{prefix}*")):
        try:
            owner = (folder / OWNER).read_text()
        except OSError:
            continue
        if owner and owner != named(int(owner.split()[0])):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed
