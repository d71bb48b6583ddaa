"""Texts are counted as the networks count them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.networks.abilities import TextUnit
from etalage.networks.counting import LINK, measure_text

FAMILY = "👨‍👩‍👧"  # five code points, one sign


@pytest.mark.parametrize(
    ("text", "characters", "graphemes", "octets"),
    [
        ("", 0, 0, 0),
        ("été", 3, 3, 5),
        ("e\u0301te\u0301", 5, 3, 7),
        (FAMILY, 5, 1, 18),
        ("🇧🇪🇫🇷", 4, 2, 16),
        ("مَرْحَبًا", 9, 5, 18),
    ],
)
def test_each_unit_counts_in_its_own_way(text: str, characters: int, graphemes: int, octets: int) -> None:
    assert measure_text(text, TextUnit.CHARACTERS, None) == characters
    assert measure_text(text, TextUnit.GRAPHEMES, None) == graphemes
    assert measure_text(text, TextUnit.BYTES, None) == octets


def test_each_link_weighs_the_same_where_the_network_says_so() -> None:
    short, long = "https://a.be/x", "https://shop.example/" + "x" * 200
    assert measure_text(f"Look: {short} {long}", TextUnit.CHARACTERS, 23) == len("Look:  ") + 2 * 23
    assert measure_text(f"Look: {short}", TextUnit.CHARACTERS, None) == len("Look: ") + len(short)


SIGNS = ["”", "’", "…", "}", "\u200f", "\u200f.", "\u2069", "\u200b", "\u200d"]


@pytest.mark.parametrize("end", [".", ",", "!", "?", ")", "»", "،", "؟", "...", "\n", "", *SIGNS])
def test_a_sentences_last_sign_is_not_part_of_its_link(end: str) -> None:
    assert LINK.findall(f"(See https://a.be/l/x{end}") == ["https://a.be/l/x"]


@settings(deadline=None)
@given(st.text(), st.sampled_from(TextUnit))
def test_counting_never_fails_and_graphemes_are_the_fewest(text: str, unit: TextUnit) -> None:
    assert measure_text(text, unit, 23) >= 0
    assert measure_text(text, TextUnit.GRAPHEMES, None) <= measure_text(text, TextUnit.CHARACTERS, None)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("@ada", "@ada"),
        ("@bob@example.com", "@bob"),
        ("hi @charlie and @dora.d@example.social!", "hi @charlie and @dora.d!"),
        ("<@root> and {@admin@example.net}", "<@root> and {@admin}"),
        ("write to me@example.com", "write to me@example.com"),
        ("مرحبا @ada@example.com", "مرحبا @ada"),
    ],
)
def test_the_server_of_a_mentioned_person_weighs_nothing_where_the_network_says_so(
    text: str, counted: str
) -> None:
    assert measure_text(text, TextUnit.GRAPHEMES, 23, counts_mention_hosts=False) == len(counted)
    assert measure_text(text, TextUnit.CHARACTERS, 23) == len(text)


def test_an_address_with_a_name_in_it_is_a_link_and_no_mention() -> None:
    text = "https://example.social/@two@example.com and @ada@example.com"
    assert measure_text(text, TextUnit.GRAPHEMES, 23, counts_mention_hosts=False) == 23 + len(" and @ada")
