"""Secrets that were planted are found in no database, log, failed job or backup: in no file but the one of keys."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cli.conftest import SECONDS
from tests.keeping.conftest import Kept
from tests.practice_network import PracticeNetwork

MAIL = "canary-mail-8f2c"
PERSON = "Jan Canary-Janssens"
TELL = "import sys, django; django.setup(); from tests.keeping import telling; telling.run(*sys.argv[1:])"


def test_what_was_planted_is_found_nowhere(kept: Kept, practice: PracticeNetwork, tmp_path: Path) -> None:
    account = practice.open_account()
    kept.more |= {
        "ETALAGE_EMAIL_URL": f"smtp://shop:{MAIL}@127.0.0.1:1",  # nobody listens: each letter fails with its reason
        "ETALAGE_LOG": "DEBUG",
    }
    planted = [account.token, MAIL, *keys_of(kept.folder)]
    log = tmp_path / "program.log"
    with log.open("w") as out, nowhere_in_the_log_of_writes(kept) as watched:
        watched |= {*planted}
        subprocess.run(
            [sys.executable, "-m", "tests.keeping.shop_program", "plant", practice.base_url, account.token, MAIL],
            env=kept.environment, cwd=Path(__file__).parents[2], stdout=out, stderr=subprocess.STDOUT,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    said = log.read_text()
    assert '"failed": ["' in said and "canary" not in said, said[-2000:]
    assert_nowhere(kept, planted, log, tmp_path)
    in_clear = kept.backup(str(tmp_path / "keys.tar"), "--with-keys").read_bytes()
    assert all(key.encode() in in_clear for key in keys_of(kept.folder)), (
        "this search does find what is there"
    )


def test_what_a_job_repeats_in_its_own_words_is_found_nowhere(
    kept: Kept, practice: PracticeNetwork, tmp_path: Path
) -> None:
    """A network's token, a hook's secret, this shop's keys and a key of a stranger; on PostgreSQL a row with a name."""
    account, log = practice.open_account(), tmp_path / "program.log"
    kept.more |= {"ETALAGE_LOG": "DEBUG", "DJANGO_SETTINGS_MODULE": "etalage.settings"}
    planted = [secrets.token_urlsafe(32) for _number in range(5)]
    with log.open("w") as out, nowhere_in_the_log_of_writes(kept) as watched:
        done = subprocess.run(
            [sys.executable, "-c", TELL, practice.base_url, account.token, PERSON, *planted],
            env=kept.environment, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=out, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        told = json.loads(done.stdout)
        watched |= {*told["secrets"]}
    assert {*planted, *keys_of(kept.folder), account.token, PERSON} < set(told["secrets"])
    assert len(told["failed"]) == len(told["secrets"])
    assert sum("they said no to" in words for words in told["failed"]) == len(told["failed"]) - 1
    assert log.read_text().count("refused with …") == len(told["failed"]) - 1
    assert_nowhere(kept, told["secrets"], log, tmp_path)


def assert_nowhere(kept: Kept, planted: Iterable[str], log: Path, tmp_path: Path) -> None:
    """None of these is in a database, a file beside it, a backup or the program's log."""
    backup = kept.backup()
    files = [path for path in kept.folder.rglob("*") if path.is_file() and path.name != "etalage.env"]
    assert backup in files and len(files) > (2 if kept.database else 4)
    if kept.database:
        files += [dumped(kept, tmp_path / "plain.sql"), unpacked(backup, tmp_path)]
    for path in [*files, log]:
        data = path.read_bytes()
        assert not [one for one in planted if one.encode() in data], path


def unpacked(backup: Path, place: Path) -> Path:
    """The dump in a backup as text: in the backup itself it is compressed."""
    with tarfile.open(backup) as tar:
        tar.extract("database.dump", place, filter="data")
    words = ["pg_restore", f"--file={place / 'backup.sql'}", str(place / "database.dump")]
    subprocess.run(words, check=True)
    return place / "backup.sql"


@contextmanager
def nowhere_in_the_log_of_writes(kept: Kept) -> Iterator[set[str]]:
    """What is put into this set in a `with` block is in no file of the server's log at its end; a mark of ours is."""
    planted: set[str] = set()
    if not kept.database:  # its log is a file beside it
        yield planted
        return
    import psycopg

    mark, is_there = secrets.token_hex(16), False
    with psycopg.connect(kept.database, autocommit=True) as server:
        for _copy in range(3):  # the head of a page may stand in the midst of one
            server.execute("SELECT pg_logical_emit_message(true, '', %s)", [mark])
        yield planted
        server.execute("SELECT pg_logical_emit_message(true, '', 'the end')")  # its commit waits for the disk
        row = server.execute("SHOW data_directory").fetchone()
    assert row is not None
    for path in Path(row[0], "pg_wal").iterdir():
        with suppress(FileNotFoundError, IsADirectoryError):  # the server uses its files again
            data = path.read_bytes()
            is_there |= mark.encode() in data
            assert not [one for one in planted if one.encode() in data], path
    assert is_there, "this search does find what is there"


def keys_of(folder: Path) -> list[str]:
    lines = (folder / "etalage.env").read_text().splitlines()
    return [line.split("=", 1)[1] for line in lines if line.startswith("ETALAGE_SECRET_KEY")]


def dumped(kept: Kept, path: Path) -> Path:
    """Everything in the database as text."""
    with path.open("wb") as out:
        subprocess.run(["pg_dump", kept.database], stdout=out, check=True)
    return path
