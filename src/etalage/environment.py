"""What the installation is told from outside: environment variables and the data folder's `etalage.env`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

T = TypeVar("T")

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON;"
    "PRAGMA journal_size_limit=67108864;"
    # KiB, for each thread that keeps a connection. The system keeps the file's pages anyway: 16384 made no page faster.
    # What is larger fills for hours, as the file grows, and looks like memory that is lost.
    "PRAGMA cache_size=-512;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA secure_delete=ON;"  # who is erased stays in no free page; only some builds do so of themselves
)
#: How long a PostgreSQL server that says nothing is waited for, in libpq's words. Without them a server whose machine
#: lost its power, or that a firewall cut off, holds whoever asked for a quarter of an hour.
POSTGRESQL_PATIENCE = {
    "connect_timeout": "10",  # seconds, as the three below
    "keepalives_idle": "30",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",  # milliseconds for what was sent to arrive; an answer may take longer
}
DATABASE_HINT = "Write postgresql://user:password@host:port/name, or leave it out to keep the data in a file."


def read_env_file(path: Path) -> dict[str, str]:
    """Return the `NAME=value` lines of a file; empty when there is none. `#` starts a comment line."""
    if not path.exists():
        return {}
    pairs = (
        line.split("=", 1) for line in path.read_text("utf-8").splitlines() if "=" in line and line[:1] != "#"
    )
    return {name.strip(): value.strip() for name, value in pairs}


class WrongSetting(ValueError):
    """A setting from outside that cannot be used; its text says which and what to do, without its value."""


@dataclass(frozen=True)
class Environment:
    """Typed view on the settings from outside. A variable set in the environment wins over the file."""

    values: Mapping[str, str]
    data_folder: Path

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Environment:
        """Read the environment and the `etalage.env` of the data folder that it names."""
        folder = Path(environ.get("ETALAGE_DATA", "etalage-data")).expanduser().resolve()
        return cls({**read_env_file(folder / "etalage.env"), **environ}, folder)

    def text(self, name: str, default: str = "") -> str:
        """The variable's text, or the content of the file that `NAME_FILE` names, or the default."""
        if path := self.values.get(f"{name}_FILE"):
            try:
                return Path(path).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as problem:
                raise WrongSetting(f"{name}_FILE names a file that cannot be read: {path}") from problem
        return self.values.get(name, default)

    def flag(self, name: str) -> bool:
        """True when the variable says 1, true, yes or on."""
        return self.text(name).lower() in {"1", "true", "yes", "on"}

    def words(self, name: str) -> list[str]:
        """The variable split at commas, without empty parts."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def read(self, name: str, reader: Callable[[str], T]) -> T:
        """What `reader` makes of the variable's text; its ValueError becomes a WrongSetting."""
        try:
            return reader(self.text(name))
        except ValueError as problem:
            raise WrongSetting(f"{name} cannot be used: {problem}") from problem

    def hosts(self, public_address: str) -> list[str]:
        """Host names that requests may carry: the public address, this machine, and `ETALAGE_HOSTS`."""
        try:
            public = urlsplit(public_address).hostname or "localhost"
        except ValueError as problem:
            raise WrongSetting(
                "ETALAGE_PUBLIC_ADDRESS is no web address. Set it to something like https://shop.example.com"
            ) from problem
        return [*dict.fromkeys([public, "localhost", "127.0.0.1", "[::1]", *self.words("ETALAGE_HOSTS")])]

    def database(self) -> dict[str, Any]:
        """Django's database settings: PostgreSQL from `DATABASE_URL`, else SQLite in the data folder.

        Raises WrongSetting for an address of another kind.
        """
        url = self.text("DATABASE_URL")
        if not url:
            return self._sqlite()
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as problem:
            raise WrongSetting("DATABASE_URL is not a complete address. " + DATABASE_HINT) from problem
        if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
            raise WrongSetting("DATABASE_URL is not the address of a PostgreSQL database. " + DATABASE_HINT)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            # Such as ?sslmode=require, as libpq calls them.
            "OPTIONS": POSTGRESQL_PATIENCE | dict(parse_qsl(parts.query)),
        }

    def _sqlite(self) -> dict[str, Any]:
        return {
            "ENGINE": "etalage.kit.sqlite3",
            "NAME": str(self.data_folder / "etalage.sqlite3"),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,  # whether it is still this file; it costs one look at the folder
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS},
            # A file, not memory: tests with threads need the locks that a shop has.
            "TEST": {
                "NAME": self.values.get("ETALAGE_TEST_DATABASE") or str(self.data_folder / "test.sqlite3")
            },
        }

    def email(self) -> tuple[str, str | None, dict[str, Any]]:
        """The mail back end: SMTP from `ETALAGE_EMAIL_URL` (smtp://user:password@host:port), else files.

        Without a server the letters are kept in the data folder, where the shop can read them.
        """
        try:
            parts = urlsplit(self.text("ETALAGE_EMAIL_URL"))
            port = parts.port or 587
        except ValueError as problem:
            raise WrongSetting(
                "ETALAGE_EMAIL_URL is not a complete address. Write smtp://user:password@host:port"
            ) from problem
        if not parts.hostname:
            return "etalage.kit.letters.KeptLetters", str(self.data_folder / "mail"), {}
        smtp = {
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": port,
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_TLS": parts.scheme in {"smtp", "smtp+tls"} and port != 25,
            "EMAIL_USE_SSL": parts.scheme == "smtps",
            "EMAIL_TIMEOUT": 20,
        }
        return "django.core.mail.backends.smtp.EmailBackend", None, smtp
