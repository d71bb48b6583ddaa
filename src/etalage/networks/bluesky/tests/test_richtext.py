"""Links, hashtags and mentions, each at its place in bytes."""

from __future__ import annotations

from typing import Any

import pytest

from etalage.networks.bluesky.richtext import facets, mentioned

PEOPLE = {"mia.example": "did:plc:mia", "lune.bsky.social": "did:plc:lune"}


def shown(text: str) -> list[tuple[str, Any]]:
    """Each facet's own words and what they lead to."""
    raw, found = text.encode(), []
    for facet in facets(text, PEOPLE):
        (feature,) = facet["features"]
        kind = feature.pop("$type").partition("#")[2]
        words = raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        found.append((words, (kind, *feature.values())))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain words.", []),
        (
            "👢 https://lune.example/l/AB!",
            [("https://lune.example/l/AB", ("link", "https://lune.example/l/AB"))],
        ),
        ("جديد #أحذية، اليوم", [("#أحذية", ("tag", "أحذية"))]),
        ("\u200f#أحذية\u200f جديد", [("#أحذية", ("tag", "أحذية"))]),
        (
            "«\u2067https://lune.example/l/AB\u2069»",
            [("https://lune.example/l/AB", ("link", "https://lune.example/l/AB"))],
        ),
        ("#\ufe0f\u20e3 #\u20e3", []),
        ("#a #b", [("#a", ("tag", "a")), ("#b", ("tag", "b"))]),
        ("#1 #2026 #1a no#tag # #!", [("#1a", ("tag", "1a"))]),
        ("#" + "x" * 64, [("#" + "x" * 64, ("tag", "x" * 64))]),
        ("#" + "x" * 65, []),
        ("#" + "👨‍👩‍👧‍👦" * 26, []),  # 26 graphemes, and more bytes than a tag may have
        ("by @Mia.Example.", [("@Mia.Example", ("mention", "did:plc:mia"))]),
        ("(@lune.bsky.social)", [("@lune.bsky.social", ("mention", "did:plc:lune"))]),
        ("@nobody.example, mail@mia.example", []),
        (
            "https://x.example/@mia.example?q=@mia.example#tag",
            [
                (
                    "https://x.example/@mia.example?q=@mia.example#tag",
                    ("link", "https://x.example/@mia.example?q=@mia.example#tag"),
                )
            ],
        ),
        ("", []),
    ],
)
def test_what_a_text_leads_to(text: str, expected: list[tuple[str, Any]]) -> None:
    assert shown(text) == expected


def test_a_handle_is_looked_up_once_and_not_without_end() -> None:
    text = " ".join(f"@p{number}.example @P{number}.example" for number in range(30))
    assert mentioned(text) == [f"p{number}.example" for number in range(10)]
