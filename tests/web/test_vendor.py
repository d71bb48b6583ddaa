"""What others made lies in the repository as it came, with its licence."""

import hashlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src/etalage/web/static/web"
BROWSER = ROOT / "tests/browser/vendor"
LISTS = {STATIC / "vendor/VENDOR.toml": STATIC, BROWSER / "VENDOR.toml": BROWSER}


def entries():
    for listing, folder in LISTS.items():
        for entry in tomllib.loads(listing.read_text(encoding="utf-8"))["file"]:
            yield pytest.param(entry, folder, id=entry["name"])


@pytest.mark.parametrize(("entry", "folder"), list(entries()))
def test_a_vendored_file_is_the_one_that_was_listed(entry, folder):
    assert hashlib.sha256((folder / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["version"] and entry["licence"] in {"0BSD", "ISC", "MIT", "MPL-2.0"}


@pytest.mark.parametrize("folder", [STATIC / "vendor", BROWSER], ids=["product", "tests"])
def test_nothing_lies_among_the_vendored_files_without_being_listed(folder):
    listed = {(LISTS[listing] / entry["path"]).name for listing in LISTS for entry in _read(listing)}
    for file in folder.iterdir():
        assert file.name in listed or file.name == "VENDOR.toml" or file.name.endswith("-LICENSE.txt"), file


def _read(listing):
    return tomllib.loads(listing.read_text(encoding="utf-8"))["file"]
