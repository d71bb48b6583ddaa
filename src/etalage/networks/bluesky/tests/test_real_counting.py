"""Our count of a text is the server's: it names its own count when it refuses a text."""

from __future__ import annotations

import random
import re

import pytest

from etalage.networks.bluesky.records import ABILITIES
from etalage.networks.counting import text_length
from tests.peers.bluesky import Person

pytestmark = pytest.mark.peers

PIECES = [
    "a", "é", "e\u0301", " ", "\n", "\r\n", "ß", "œ", "👢", "👨‍👩‍👧‍👦", "👩🏽‍🚀", "❤️", "🏳️‍🌈", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇧🇪", "🇫", "1️⃣", "☎︎",
    "مَرْحَبًا", "لله", "شُكْرًا", "ـ", "\u0600", "\u200f", "\u200d", "\u200c", "\u200b", "한국", "\u1112\u1161\u11ab", "ﷺ",
    "日本", "か\u3099", "ไทยำ", "©️", "™", "z̸̢̛", "\u2028", "\ufeff", "🫱🏻‍🫲🏿", "👍🏿", "🧑‍🧑‍🧒", "°", "€",
]  # fmt: skip
FILL = "x " * 150  # 300 graphemes, so that every text is refused


def counted_by_the_server(shop: Person, text: str) -> int:
    record = {"$type": "app.bsky.feed.post", "text": FILL + text, "createdAt": "2026-01-01T00:00:00.000Z"}
    body = {"repo": shop.did, "collection": "app.bsky.feed.post", "record": record}
    answer = shop.ask("com.atproto.repo.createRecord", body)
    found = re.search(r"maximum 300, got (\d+)", answer.text)
    assert found, answer.text
    return int(found[1]) - 300


def test_each_sign_counts_as_on_the_server(shop: Person) -> None:
    for piece in PIECES:
        text = f"a{piece}a{piece}{piece}a"
        assert text_length(text, ABILITIES) == counted_by_the_server(shop, text), ascii(piece)


def test_any_mixture_of_signs_counts_as_on_the_server(shop: Person) -> None:
    chance = random.Random(7)
    for _ in range(150):
        text = "a" + "".join(chance.choices(PIECES, k=chance.randint(1, 30)))
        assert text_length(text, ABILITIES) == counted_by_the_server(shop, text), ascii(text)
