"""What a text links to: addresses, hashtags and mentions, each with its place in bytes of UTF-8."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from etalage.kit.text import graphemes
from etalage.networks.counting import INVISIBLE, LINK

MOST_MENTIONS = 10  # people whose handles are looked up; the others stay plain words
LONGEST_TAG, LONGEST_TAG_BYTES = 64, 640  # graphemes and bytes, as the network's schema says

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_MENTION = re.compile(rf"(?<![\w.@/-])@((?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?)(?![\w@])", re.I)
# Behind # a keycap's sign (U+FE0F, U+20E3) is no tag; some invisible signs may stand before one.
_TAG = re.compile(rf"(?<![^\s{INVISIBLE}])[#\N{{FULLWIDTH NUMBER SIGN}}](?!\ufe0f)([^\s#\u20e3{INVISIBLE}]+)")
_KIND = "app.bsky.richtext.facet"


def mentioned(text: str) -> list[str]:
    """Handles that the text mentions, in lower case, each once, in their order."""
    found = (match.group(1).lower() for match in _outside_links(_MENTION, text))
    return list(dict.fromkeys(found))[:MOST_MENTIONS]


def facets(text: str, people: Mapping[str, str]) -> list[dict[str, Any]]:
    """The text's facets in its order; `people` gives the DID of each handle that stands for somebody."""
    found = [
        (*match.span(), {"$type": f"{_KIND}#link", "uri": match.group()}) for match in LINK.finditer(text)
    ]
    for match in _outside_links(_MENTION, text):
        if did := people.get(match.group(1).lower()):
            found.append((*match.span(), {"$type": f"{_KIND}#mention", "did": did}))
    for match in _outside_links(_TAG, text):
        if tag := _tag(match.group(1)):
            end = match.start(1) + len(tag)
            found.append((match.start(), end, {"$type": f"{_KIND}#tag", "tag": tag}))
    return [
        {"index": {"byteStart": _bytes(text[:start]), "byteEnd": _bytes(text[:end])}, "features": [feature]}
        for start, end, feature in sorted(found, key=lambda one: one[:2])
    ]


def _outside_links(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches that are no part of an address."""
    links = [match.span() for match in LINK.finditer(text)]
    for match in pattern.finditer(text):
        if not any(start <= match.start() < end for start, end in links):
            yield match


def _tag(word: str) -> str:
    """The hashtag in a word: without the punctuation behind it; empty for a mere number or a long one."""
    while word and unicodedata.category(word[-1])[0] == "P":
        word = word[:-1]
    is_short = graphemes(word) <= LONGEST_TAG and _bytes(word) <= LONGEST_TAG_BYTES
    return word if is_short and any(not sign.isdigit() for sign in word) else ""


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
