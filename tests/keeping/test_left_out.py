"""What a backup leaves out: who is signed in, and rows that are laid by while a file is read."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

from etalage.keeping import archive, postgresql
from tests.keeping.conftest import Kept


def unpacked(kept: Kept, path: Path) -> bytes:
    """The database in a backup as it can be read: a dump is compressed."""
    with tarfile.open(path) as tar:
        tar.extractall(kept.folder.parent / "opened", filter="data")
    found = next((kept.folder.parent / "opened").glob("database.*"))
    if not kept.database:
        return found.read_bytes()
    words = [postgresql.program("pg_restore"), "--file=-", str(found)]
    return subprocess.run(words, capture_output=True, check=True).stdout


def live(kept: Kept) -> bytes:
    """The database that the shop works on, as it can be read."""
    if not kept.database:
        return b"".join(path.read_bytes() for path in kept.folder.glob("etalage.sqlite3*"))
    words = [postgresql.program("pg_dump"), kept.database]
    return subprocess.run(words, capture_output=True, check=True).stdout


def test_nobody_can_sign_in_with_what_a_backup_holds(kept: Kept) -> None:
    """The cookies of those who are signed in, and of those who were."""
    cookies = [cookie.encode() for cookie in kept.deed("sign_in", "60")["cookies"]]
    assert sum(cookie in live(kept) for cookie in cookies) >= 40, "this search does find what is there"
    path = kept.backup()
    data = path.read_bytes() + unpacked(kept, path)
    assert b"anna@example.com" in data
    assert not [cookie for cookie in cookies if cookie in data]
    counts = archive.manifest_of(path).counts
    assert counts["django_session"] == counts["etalage_cache"] == 0


def test_what_a_killed_import_has_laid_by_is_in_no_backup_and_goes(kept: Kept) -> None:
    name = "Nour Haddad"
    imports = kept.folder / "imports"
    assert kept.program("shop_program", "fall_reading", name).returncode == -signal.SIGKILL
    (left,) = imports.glob("reading-*")
    assert name.encode() in (left / "rows.sqlite3").read_bytes(), "the kill came in the middle"
    (imports / "kept.csv").write_text("sku")
    path = kept.backup()
    assert "imports/kept.csv" in archive.manifest_of(path).files
    assert b"reading-" not in path.read_bytes() and name.encode() not in path.read_bytes()
    kept.deed("let_go")
    assert [found.name for found in imports.iterdir()] == ["kept.csv"]


def test_what_goes_while_it_is_listed_is_not_there_and_the_rest_is(tmp_path: Path) -> None:
    """A folder that was seen and is gone when its turn comes; a file between its name and its size."""
    for name in ("a/1", "a/2", "a/3", "b/1", "c/d/1", "e/1"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("four")
    found = archive.files_below(tmp_path)
    assert next(found) == (tmp_path / "a" / "1", 4)
    (tmp_path / "a" / "2").unlink()
    for name in ("b", "c/d"):
        shutil.rmtree(tmp_path / name)
    assert [path.relative_to(tmp_path).as_posix() for path, _size in found] == ["a/3", "e/1"]
    assert list(archive.files_below(tmp_path / "b")) == []
