"""Secrets that were planted are found in no database, log, failed job or backup: in no file but the one of keys."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import SECONDS
from tests.keeping.conftest import Kept
from tests.practice_network import PracticeNetwork

MAIL = "canary-mail-8f2c"


def test_what_was_planted_is_found_nowhere(kept: Kept, practice: PracticeNetwork, tmp_path: Path) -> None:
    account = practice.open_account()
    kept.more |= {
        "ETALAGE_EMAIL_URL": f"smtp://shop:{MAIL}@127.0.0.1:1",  # nobody listens: each letter fails with its reason
        "ETALAGE_LOG": "DEBUG",
    }
    planted = [account.token, MAIL, *keys_of(kept.folder)]
    log = tmp_path / "program.log"
    with log.open("w") as out:
        subprocess.run(
            [sys.executable, "-m", "tests.keeping.shop_program", "plant", practice.base_url, account.token, MAIL],
            env=kept.environment, cwd=Path(__file__).parents[2], stdout=out, stderr=subprocess.STDOUT,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    said = log.read_text()
    assert '"failed": ["' in said and "canary" not in said, said[-2000:]
    backup = kept.backup()
    files = [path for path in kept.folder.rglob("*") if path.is_file() and path.name != "etalage.env"]
    assert backup in files and len(files) > (2 if kept.database else 4)
    if kept.database:
        files.append(dumped(kept, tmp_path / "plain.sql"))
    for path in [*files, log]:
        data = path.read_bytes()
        assert not [one for one in planted if one.encode() in data], path
    in_clear = kept.backup(str(tmp_path / "keys.tar"), "--with-keys").read_bytes()
    assert all(key.encode() in in_clear for key in keys_of(kept.folder)), (
        "this search does find what is there"
    )


def keys_of(folder: Path) -> list[str]:
    lines = (folder / "etalage.env").read_text().splitlines()
    return [line.split("=", 1)[1] for line in lines if line.startswith("ETALAGE_SECRET_KEY")]


def dumped(kept: Kept, path: Path) -> Path:
    """Everything in the database as text."""
    with path.open("wb") as out:
        subprocess.run(["pg_dump", kept.database], stdout=out, check=True)
    return path
