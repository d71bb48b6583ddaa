"""The settings that travel in a backup, read before anything else of it is used."""

from __future__ import annotations

from pathlib import Path

from etalage.keeping.archive import opened

SETTINGS, KEYS = "settings.env", "keys.env"


def settings_in(path: Path, *, with_keys: bool) -> dict[str, str]:
    """Names and values of the settings in a backup, its keys too when asked for. Raises KeepingTrouble."""
    found: dict[str, str] = {}
    wanted = {SETTINGS, KEYS} if with_keys else {SETTINGS}
    with opened(path) as tar:
        for member in tar.getmembers():
            if member.name in wanted and (file := tar.extractfile(member)):
                lines = file.read().decode("utf-8").splitlines()
                found |= dict(line.split("=", 1) for line in lines if "=" in line)
    return found
