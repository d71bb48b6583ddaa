"""How long a text is in the eyes of a network: characters, graphemes or bytes, with links at their own weight."""

from __future__ import annotations

import re

from etalage.kit.text import graphemes
from etalage.networks.abilities import Abilities, TextUnit

#: A web address in a text. A sentence's last sign is not part of it.
LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]»،؛؟]")


def text_length(text: str, abilities: Abilities) -> int:
    """The length of `text` as the network counts it."""
    return measure_text(text, abilities.text_unit, abilities.link_length)


def measure_text(text: str, unit: TextUnit, link_length: int | None) -> int:
    """The length of `text` in `unit`; with `link_length`, each link weighs that much."""
    if link_length is None:
        return _count(text, unit)
    return _count(LINK.sub("", text), unit) + link_length * len(LINK.findall(text))


def _count(text: str, unit: TextUnit) -> int:
    if unit is TextUnit.BYTES:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) if unit is TextUnit.CHARACTERS else graphemes(text)
