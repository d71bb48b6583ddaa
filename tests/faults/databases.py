"""Empty databases for the families: brought up to date once for each kind, then copied."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parents[2]
FILE = "etalage.sqlite3"


class Databases:
    """What has been started and prepared so far; `stop` ends it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="etalage-faults-"))
        self._server = ""
        self._numbers = 0

    @contextmanager
    def fresh(self, kind: str) -> Iterator[tuple[Path, str]]:
        """A data folder and, for PostgreSQL, the address of an empty database that is up to date."""
        self._prepare(kind)
        self._numbers += 1
        with tempfile.TemporaryDirectory(prefix="etalage-faults-", dir=_quick()) as name:
            folder, address = Path(name), ""
            if kind == "sqlite":
                shutil.copy(self._folder / FILE, folder / FILE)
            else:
                address = self._copied(f"faults_{self._numbers}")
            yield folder, address

    def stop(self) -> None:
        """End the server and remove everything."""
        if self._server:
            subprocess.run([str(HERE / ".ci/postgres"), "stop", str(self._folder / "pg")], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _prepare(self, kind: str) -> None:
        if kind == "sqlite":
            if not (self._folder / FILE).exists():
                _migrate(self._folder, "")
        elif not self._server:
            (self._folder / "pg").mkdir()
            self._folder.chmod(0o711)  # the server runs as another user
            command = [str(HERE / ".ci/postgres"), "start", str(self._folder / "pg")]
            started = subprocess.run(command, check=True, capture_output=True, text=True)
            self._server = started.stdout.strip()
            _migrate(self._folder, self._server)

    def _copied(self, name: str) -> str:
        import psycopg

        parts = urlsplit(self._server)
        with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {parts.path.strip('/')}")
        return parts._replace(path=f"/{name}").geturl()


def environment(folder: Path, address: str) -> dict[str, str]:
    """The environment of a process that works on this database, with no settings of ours from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ETALAGE_")}
    return kept | {
        "ETALAGE_DATA": str(folder),
        "DATABASE_URL": address,
        "ETALAGE_LOG": "CRITICAL",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }


def _migrate(folder: Path, address: str) -> None:
    script = (
        "import django; django.setup(); from django.core.management import call_command as call;"
        "call('migrate', verbosity=0, skip_checks=True); call('createcachetable', verbosity=0);"
        "from django.db import connection; connection.close()"
    )
    command = [sys.executable, "-W", "ignore", "-c", script]
    subprocess.run(command, cwd=HERE, env=environment(folder, address), check=True)


def _quick() -> str | None:
    """Memory that looks like a disk, where there is some: a kill loses nothing that a power cut would."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
