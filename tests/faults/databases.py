"""Empty databases for the families: brought up to date once for each kind, then copied.

Nothing of it outlives the run: the server ends with it, and the folders of a run that was killed go with the next.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests import ending

HERE = Path(__file__).resolve().parents[2]
FILE = "etalage.sqlite3"


PREFIX = "etalage-faults-"


@dataclass
class Server:
    """A PostgreSQL of this run, with a database that is up to date and is copied for each family."""

    folder: Path
    address: str
    copies: int = 0

    @classmethod
    def started(cls, folder: Path) -> Server:
        """Start it in this folder; it ends with this process."""
        folder.mkdir()
        command = [str(HERE / ".ci/postgres"), "start", str(folder), str(os.getpid())]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        server = cls(folder, done.stdout.strip())
        _migrate(folder.parent, server.address)
        return server

    def copied(self) -> str:
        """The address of a new copy."""
        import psycopg

        self.copies += 1
        name, parts = f"faults_{self.copies}", urlsplit(self.address)
        with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {parts.path.strip('/')}")
        return parts._replace(path=f"/{name}").geturl()

    def stop(self) -> None:
        """End it, and remove all of it."""
        subprocess.run([str(HERE / ".ci/postgres"), "stop", str(self.folder)], check=False)


class Databases:
    """What has been started and prepared so far; `stop` ends it."""

    def __init__(self) -> None:
        places = [Path(tempfile.gettempdir()), *([quick] if (quick := _quick()) else [])]
        ending.remove_ownerless(places, PREFIX)
        self._folder, self._quick = (Path(tempfile.mkdtemp(prefix=PREFIX, dir=at)) for at in (None, _quick()))
        for folder in (self._folder, self._quick):
            ending.own(folder)
        self._folder.chmod(0o711)  # the server runs as another user
        self._servers: list[Server] = []

    @contextmanager
    def fresh(self, kind: str, *, own_server: bool = False) -> Iterator[tuple[Path, str]]:
        """A data folder and, for PostgreSQL, the address of an empty database that is up to date."""
        with tempfile.TemporaryDirectory(dir=self._quick) as name:
            if kind == "sqlite":
                shutil.copy(self._file(), Path(name) / FILE)
                yield Path(name), ""
            elif own_server:
                server = Server.started(self._folder / "pg-own")
                try:
                    yield Path(name), server.copied()
                finally:
                    server.stop()
            else:
                yield Path(name), self._server().copied()

    def stop(self) -> None:
        """End the servers and remove everything."""
        for server in self._servers:
            server.stop()
        for folder in (self._folder, self._quick):
            ending.remove(folder)

    def _file(self) -> Path:
        if not (self._folder / FILE).exists():
            _migrate(self._folder, "")
        return self._folder / FILE

    def _server(self) -> Server:
        if not self._servers:
            self._servers.append(Server.started(self._folder / "pg"))
        return self._servers[0]


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


def _quick() -> Path | None:
    """Memory that looks like a disk, where there is some: a kill loses nothing that a power cut would."""
    return Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
