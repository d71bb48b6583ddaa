"""The demo lives in one folder, and starting afresh touches nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from etalage.demo.folder import MARKER, Facts, ForeignFolder, read_facts, remove, write_facts

FACTS = Facts(seed=5, shop="http://localhost:8000", network="http://127.0.0.1:8001", ready=True)


def test_the_marker_says_what_the_demo_is(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert read_facts(folder) is None
    write_facts(folder, FACTS)
    assert read_facts(folder) == FACTS


def test_an_empty_folder_may_become_a_demo(tmp_path: Path) -> None:
    assert read_facts(tmp_path) is None


def test_a_demo_is_removed_with_everything_in_it_but_not_what_its_links_point_to(tmp_path: Path) -> None:
    folder, precious = tmp_path / "demo", tmp_path / "precious"
    precious.mkdir()
    (precious / "letter.txt").write_text("mine")
    write_facts(folder, FACTS)
    (folder / "media" / "products").mkdir(parents=True)
    (folder / "media" / "products" / "mug.jpg").write_bytes(b"x")
    (folder / "elsewhere").symlink_to(precious, target_is_directory=True)
    assert remove(folder)
    assert not folder.exists()
    assert (precious / "letter.txt").read_text() == "mine"
    assert not remove(folder)


@pytest.mark.parametrize("marker", [None, "not json", '{"other": 1}', "[]"])
def test_a_folder_that_is_no_demo_is_refused_and_left_alone(tmp_path: Path, marker: str | None) -> None:
    (tmp_path / "shop.sqlite3").write_text("a real shop")
    if marker is not None:
        (tmp_path / MARKER).write_text(marker)
    with pytest.raises(ForeignFolder, match="--folder"):
        remove(tmp_path)
    assert (tmp_path / "shop.sqlite3").read_text() == "a real shop"
