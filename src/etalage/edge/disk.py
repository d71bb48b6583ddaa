"""What becomes of the disk under us: how much room the data folder has left, and whether a file is where it was."""

from __future__ import annotations

import shutil
from pathlib import Path

from etalage.kit import clock

MIN_FREE_BYTES = 64 * 1024 * 1024


class DiskGuard:
    """Says when less than `min_free_bytes` are free; looks at most every `every_s` seconds."""

    def __init__(self, folder: Path, min_free_bytes: int, *, every_s: float = 0.25) -> None:
        self._folder, self._min_free_bytes, self._every_s = folder, min_free_bytes, every_s
        self._looked_at = float("-inf")
        self._low = False

    def is_low(self) -> bool:
        """True when there is too little room, also when the folder cannot be asked."""
        now = clock.elapsed()
        if now - self._looked_at >= self._every_s:
            self._looked_at = now
            try:
                self._low = shutil.disk_usage(self._folder).free < self._min_free_bytes
            except OSError:
                self._low = True
        return self._low


def place_of(path: Path) -> tuple[int, int] | None:
    """Which file a path leads to now; None when to none. By its name: to open and close it would give up our locks."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
