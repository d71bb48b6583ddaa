"""Addresses of static files that change with the file, so that a browser may keep each for long."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class VersionedStorage(StaticFilesStorage):
    """Adds a short hash of the content: after an upgrade no phone goes on with the style sheet of before."""

    def url(self, name: str | None) -> str:
        """The file's address with its version; a file that is not there keeps its plain address."""
        address = super().url(name)
        version = _version(name or "")
        return f"{address}?v={version}" if version else address


@cache
def _version(name: str) -> str:
    found = finders.find(name)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10] if found else ""
