"""Programs that end when whoever started them ends, also where that was killed and could tidy up nothing.

    subprocess.Popen(command, preexec_fn=with_parent)

Linux does it: a process is sent SIGKILL when the thread that started it is gone. So start from a thread that stays.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
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
            remove(folder)
            removed.append(folder)
    return removed


def remove(folder: Path) -> None:
    """Remove a folder, and first what is still mounted in it; the note of its owner goes with the last."""
    mounts = Path("/proc/self/mounts")
    places = [line.split()[1] for line in mounts.read_text().splitlines()] if mounts.exists() else []
    for place in reversed([place for place in places if place.startswith(f"{folder}/")]):
        subprocess.run(["umount", "-l", place], check=False)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
