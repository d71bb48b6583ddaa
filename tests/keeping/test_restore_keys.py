"""A backup opens with the keys that its secrets are sealed with, whichever the shop had beside them."""

from __future__ import annotations

import json
import tarfile
from io import BytesIO
from pathlib import Path

from etalage.environment import read_env_file
from etalage.keeping import archive
from etalage.kit.secrets import fingerprint
from tests.keeping.conftest import Kept

NAME = "ETALAGE_SECRET_KEYS"


def keys_of(kept: Kept) -> list[str]:
    return read_env_file(kept.folder / "etalage.env")[NAME].split(",")


def set_keys(kept: Kept, *keys: str) -> None:
    path = kept.folder / "etalage.env"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(f"{NAME}=")]
    path.write_text("\n".join([*lines, f"{NAME}={','.join(keys)}", ""]))


def as_made_before(path: Path) -> Path:
    """The same backup as a version made it that named all keys of the shop, needed or not."""
    older = path.with_name(f"older-{path.name}")
    with tarfile.open(path) as source, tarfile.open(older, "w", format=tarfile.PAX_FORMAT) as target:
        for member in source.getmembers():
            file = source.extractfile(member)
            assert file is not None
            data = file.read()
            if member.name == archive.MANIFEST:
                facts = json.loads(data)
                del facts["keys_are_needed"]
                data = json.dumps(facts).encode()
                member.size = len(data)
            target.addfile(member, BytesIO(data))
    return older


def test_a_key_that_was_there_and_had_sealed_nothing_yet_is_not_enough(kept: Kept) -> None:
    """All is still sealed with the old key when the backup is made; then that key is taken away."""
    kept.deed("grant", "token-1")
    assert kept.run("rotate-keys", "--new-key").returncode == 0
    path = kept.backup()
    assert kept.run("rotate-keys").returncode == 0
    new, old = keys_of(kept)
    assert archive.manifest_of(path).keys == [fingerprint(old)]
    set_keys(kept, new)
    done = kept.run("restore", str(path), "--yes")
    assert done.returncode == 1 and "are not those" in done.stderr, done.stdout + done.stderr
    assert not list(kept.folder.glob("before-restore-*"))
    assert kept.deed("tokens") == {"tokens": ["token-1"]}, "the shop is as it was"
    set_keys(kept, new, old)
    done = kept.run("restore", str(path), "--yes")
    assert done.returncode == 0, done.stderr
    assert kept.deed("tokens") == {"tokens": ["token-1"]}


def test_every_key_that_something_is_sealed_with_is_needed_and_no_other(kept: Kept) -> None:
    kept.deed("grant", "token-1")
    assert kept.run("rotate-keys", "--new-key").returncode == 0
    new, old = keys_of(kept)
    kept.deed("grant", "token-2")
    both = kept.backup(str(kept.folder.parent / "both.tar"))
    assert archive.manifest_of(both).keys == [fingerprint(new), fingerprint(old)]
    assert kept.run("rotate-keys").returncode == 0
    one = kept.backup(str(kept.folder.parent / "one.tar"))
    assert archive.manifest_of(one).keys == [fingerprint(new)]
    set_keys(kept, new)
    assert kept.run("restore", str(both), "--yes").returncode == 1
    assert kept.run("restore", str(one), "--yes").returncode == 0
    assert kept.deed("tokens") == {"tokens": ["token-1", "token-2"]}
    done = kept.run("restore", str(both), "--yes", "--new-keys")
    assert done.returncode == 0, "whoever says so goes on without it"
    assert kept.deed("tokens") == {"tokens": ["token-2"]}


def test_an_older_backup_that_names_all_keys_asks_for_one_of_them(kept: Kept) -> None:
    kept.deed("grant", "token-1")
    assert kept.run("rotate-keys", "--new-key").returncode == 0
    new, _old = keys_of(kept)
    kept.deed("grant", "token-2")
    older = as_made_before(kept.backup())
    set_keys(kept, new)
    done = kept.run("restore", str(older), "--yes")
    assert done.returncode == 0, done.stderr
    assert kept.deed("tokens") == {"tokens": ["token-2"]}
    set_keys(kept, "x" * 50)
    assert kept.run("restore", str(older), "--yes").returncode == 1


def test_a_backup_in_which_nothing_is_sealed_asks_for_the_settings_and_claims_no_secrets(kept: Kept) -> None:
    path = kept.backup()
    assert archive.manifest_of(path).keys == []
    (kept.folder / "etalage.env").unlink()
    done = kept.run("restore", str(path), "--yes")
    assert done.returncode == 1 and "--new-keys" in done.stderr
    assert "links in letters" in done.stderr and "secrets" not in done.stderr
    done = kept.run("restore", str(path), "--yes", "--new-keys")
    assert done.returncode == 0, done.stderr
    assert keys_of(kept)
