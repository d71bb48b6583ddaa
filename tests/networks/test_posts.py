"""Ours is known again by its link's code alone."""

from __future__ import annotations

from etalage.networks.posts import names_link

MARKER = "https://new.example/l/ABCD2345"


def test_the_code_is_enough_and_no_part_of_it() -> None:
    assert names_link(["https://x.example", "https://old.example/l/ABCD2345"], MARKER)
    assert not names_link(["https://new.example/l/ABCD23456", "https://new.example/l/BCD2345", ""], MARKER)
    assert not names_link(["https://new.example/l/", ""], "https://new.example/l/")
