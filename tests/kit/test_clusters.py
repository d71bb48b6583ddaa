"""A grapheme is what a reader counts as one character."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.kit.clusters import clusters
from etalage.kit.text import graphemes


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("e\u0301", 1),
        ("مُحَمَّد", 4),
        ("👨‍👩‍👧‍👦", 1),
        ("🏳️‍🌈", 1),
        ("👍🏽", 1),
        ("👩🏽‍🚀👩🏽‍🚀", 2),
        ("❤️", 1),
        ("🇧🇪🇹🇳", 2),
        ("🇧🇪🇹", 2),
        ("a🇧🇪", 2),
        ("1️⃣2️⃣", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 1),
        ("한국", 2),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", 2),
        ("각\u11a8", 1),
        ("\r\n", 1),
        ("\n\r", 2),
        ("a\u200b", 2),
        ("\u200da", 2),
        ("👩\u200da", 2),
        ("a\u200d👩", 2),  # only pictographs are joined
        ("\u0e01\u0e33", 1),
        ("\u06001", 1),
        ("नि", 1),
    ],
)
def test_graphemes_are_counted_as_they_are_seen(text: str, count: int) -> None:
    assert graphemes(text) == count


CHARACTERS = st.sampled_from("aé\u0301\u200d\ufe0f\r\n🇧🇪👩👍🏽❤한각\u1100\u1161\u11a8ا\u064e\u0600\u200b 1⃣")


@settings(deadline=None)
@given(st.text(CHARACTERS, max_size=20))
def test_clusters_together_are_the_text(text: str) -> None:
    parts = list(clusters(text))
    assert "".join(parts) == text
    assert all(parts)


@settings(deadline=None)
@given(st.text(CHARACTERS, max_size=20))
def test_every_cluster_is_one_grapheme_by_itself(text: str) -> None:
    assert all(graphemes(part) == 1 for part in clusters(text))


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    assert graphemes("🇧🇪" * 20_000 + "👩‍🚀" * 20_000 + "a" + "\u0301" * 20_000) == 40_001
