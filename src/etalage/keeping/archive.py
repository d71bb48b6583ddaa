"""The one file of a backup: a tar whose last member is a manifest with a checksum of every other one.

The manifest comes last, so that a file which was cut off has none and is never taken for a whole one.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, NamedTuple

from etalage.keeping.words import KeepingTrouble

FORMAT = 1
MANIFEST = "manifest.json"
MIB = 1024 * 1024
LARGEST_MANIFEST = 512 * MIB  # of millions of pictures; more is none of ours


@dataclass(frozen=True)
class Part:
    """A file in a backup: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class Contents(NamedTuple):
    """What a database holds: rows per table, applied migrations in order, and the keys that its secrets need.

    `keys` are fingerprints, newest first, of those keys only that something in it is sealed with.
    """

    counts: dict[str, int]
    migrations: list[tuple[str, str]]
    keys: list[str]


@dataclass
class Manifest:
    """What a backup holds. `taken_at` is before everything in it: what happened later may be missing.

    `keys`, `migrations` and `counts` are the `Contents` of its database. Where `keys_are_needed` is not said, `keys`
    are all that the shop had.
    """

    made_by: str
    taken_at: str
    database: str  # "sqlite" or "postgresql"
    public_address: str
    with_keys: bool
    keys: list[str] = field(default_factory=list)
    keys_are_needed: bool = False
    migrations: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, Part] = field(default_factory=dict)
    format: int = FORMAT

    def tell(self, contents: Contents) -> None:
        """Say of the database what it holds."""
        self.counts, self.migrations, self.keys = contents
        self.keys_are_needed = True

    def opens_with(self, keys: set[str]) -> bool:
        """Whether keys with these fingerprints open its secrets, as far as can be told."""
        if self.keys_are_needed:
            return keys >= set(self.keys)
        return not self.keys or bool(keys & set(self.keys))

    @property
    def moment(self) -> datetime:
        """`taken_at` as aware UTC."""
        return datetime.fromisoformat(self.taken_at).astimezone(UTC)

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """Read a manifest; KeepingTrouble for one of another making."""
        try:
            facts: dict[str, Any] = json.loads(text)
            if facts["format"] != FORMAT:
                raise KeepingTrouble("This backup is of a newer Etalage. Install that version to restore it.")
            facts["files"] = {name: Part(**part) for name, part in facts["files"].items()}
            facts["migrations"] = [(app, name) for app, name in facts["migrations"]]
            known = {one.name for one in fields(cls)}  # a later version may say more, in the same format
            return cls(**{name: fact for name, fact in facts.items() if name in known})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeepingTrouble("This file is no backup of Etalage.") from error


class Writer:
    """Adds files to a backup that is being made, and counts their checksums on the way."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the manifest and wait for the disk, unless something went wrong."""
        try:
            if error is None:
                self._finish()
        finally:
            self._file.close()

    def add(self, name: str, path: Path) -> bool:
        """Add a file; False when it has gone meanwhile. Raises OSError."""
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return False
        with source:
            size = os.fstat(source.fileno()).st_size
            self._add(name, source, size)
        return True

    def add_text(self, name: str, text: str) -> None:
        """Add a small text as a file."""
        data = text.encode()
        self._add(name, BytesIO(data), len(data))

    def add_folder(self, name: str, folder: Path, but_for: tuple[str, ...] = ()) -> int:
        """Add everything below a folder, as `files_below` tells it; the number of files."""
        return sum(
            self.add(f"{name}/{path.relative_to(folder).as_posix()}", path)
            for path, _size in files_below(folder, but_for)
        )

    def _add(self, name: str, source: IO[bytes], size: int) -> None:
        counted = _Counted(source)
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, counted)
        self.manifest.files[name] = Part(size, counted.digest.hexdigest())

    def _finish(self) -> None:
        text = json.dumps(asdict(self.manifest), indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(text), 0o600
        self._tar.addfile(member, BytesIO(text))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())


def files_below(folder: Path, but_for: tuple[str, ...] = ()) -> Iterator[tuple[Path, int]]:
    """Every file below a folder with its size in bytes, while others add and delete there; links are not followed.

    `but_for`: the first letters of names of folders that are left out. What goes while it is listed is not there.
    """
    for place, folders, names in os.walk(folder, onerror=_unless_gone):
        folders[:] = sorted(name for name in folders if not name.startswith(but_for))
        for name in sorted(names):
            path = Path(place, name)
            with suppress(FileNotFoundError, NotADirectoryError):
                found = path.lstat()
                if stat.S_ISREG(found.st_mode):
                    yield path, found.st_size


def _unless_gone(error: OSError) -> None:
    """A folder that is no more, or that is the system's own (such as lost+found), holds none of our files."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        raise error


class _Counted:
    """A file that counts the checksum of what is read from it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


@contextmanager
def opened(path: Path) -> Iterator[tarfile.TarFile]:
    """A backup for reading. Raises KeepingTrouble for a file that is none or cannot be read."""
    try:
        with tarfile.open(path, "r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise KeepingTrouble(f"{path} is no backup of Etalage, or was cut off.") from error
    except OSError as error:
        raise KeepingTrouble(f"{path} cannot be read: {error.strerror}.") from error


def manifest_of(path: Path) -> Manifest:
    """What a backup says of itself; nothing of it is checked yet. Raises KeepingTrouble."""
    with opened(path) as tar:
        return _manifest(tar, path)


def _manifest(tar: tarfile.TarFile, path: Path) -> Manifest:
    members = tar.getmembers()
    last = members[-1] if members else None
    if last is None or last.name != MANIFEST or last.size > LARGEST_MANIFEST:
        raise KeepingTrouble(f"{path} is no backup of Etalage, or was cut off.")
    file = tar.extractfile(last)
    assert file is not None
    return Manifest.read(file.read())


def verify(path: Path, into: Path | None = None, only: frozenset[str] | None = None) -> Manifest:
    """Read the whole backup and compare every checksum; with `into`, unpack it there (or just the names in `only`).

    Raises KeepingTrouble when a byte differs, a file is missing or one too many is there.
    """
    with opened(path) as tar:
        manifest = _manifest(tar, path)
        missing = dict(manifest.files)
        for member in tar.getmembers()[:-1]:
            part = missing.pop(member.name, None)
            if part is None or not member.isreg() or not is_plain(member.name):
                raise KeepingTrouble(f"{path} holds {member.name}, which is no part of it.")
            wanted = into is not None and (only is None or member.name in only)
            target = into / member.name if into is not None and wanted else None
            if _copied(tar, member, target) != part:
                raise KeepingTrouble(f"{path} is damaged: {member.name} is not what was saved.")
        if missing:
            raise KeepingTrouble(f"{path} is damaged: {next(iter(missing))} is missing.")
        return manifest


def is_plain(name: str) -> bool:
    """Whether a name in a backup stays inside the folder that it is unpacked into."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _copied(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path | None) -> Part:
    source = tar.extractfile(member)
    assert source is not None
    digest, size = hashlib.sha256(), 0
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    out = (
        None
        if target is None
        else os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    )
    try:
        while data := source.read(MIB):
            digest.update(data)
            size += len(data)
            if out is not None:
                out.write(data)
        if out is not None:
            out.flush()
            os.fsync(out.fileno())
    finally:
        if out is not None:
            out.close()
    return Part(size, digest.hexdigest())
