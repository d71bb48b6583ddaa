"""How long a text is in the eyes of a network: characters, graphemes or bytes, with links at their own weight."""

from __future__ import annotations

import re

from etalage.kit.text import graphemes
from etalage.networks.abilities import Abilities, TextUnit

#: Signs that say in which direction a text runs, or that nothing stands there: never part of what they stand beside.
INVISIBLE = "\\u00ad\\u061c\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff"

#: A web address in a text. A sentence's last sign is no part of it, nor is what joins letters at its end.
LINK = re.compile(rf"https?://[^\s<>\"…{INVISIBLE}]*[^\s<>\"…{INVISIBLE}.,;:!?)\]}}»”’“‘،؛؟\u200c\u200d]")

#: Somebody on another server, after a beginning that is no part of a word or an address.
REMOTE_MENTION = re.compile(r"(?<![\w/=])(@\w[\w.-]*)@\w[\w.-]*\w", re.ASCII)


def text_length(text: str, abilities: Abilities) -> int:
    """The length of `text` as the network counts it."""
    return measure_text(
        text,
        abilities.text_unit,
        abilities.link_length,
        counts_mention_hosts=abilities.counts_mention_hosts,
    )


def measure_text(
    text: str, unit: TextUnit, link_length: int | None, *, counts_mention_hosts: bool = True
) -> int:
    """The length of `text` in `unit`; with `link_length`, each link weighs that much."""
    linked = 0
    if link_length is not None:
        linked = link_length * len(LINK.findall(text))
        text = LINK.sub("", text)
    if not counts_mention_hosts:
        text = REMOTE_MENTION.sub(r"\1", text)
    return linked + _count(text, unit)


def _count(text: str, unit: TextUnit) -> int:
    if unit is TextUnit.BYTES:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) if unit is TextUnit.CHARACTERS else graphemes(text)
