"""Small things to publish."""

from __future__ import annotations

from typing import Any

from etalage.networks.base import Account, Delivery, PictureFile, Prepared, Rendition
from etalage.networks.mastodon.connector import MastodonConnector

MARKER = "https://shop.example/l/ABCDEFGH"
#: One red pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63f8cfc000000301010018dd8db00000000049454e44ae426082"
)


def post(*alts: str, text: str = "Soldes !", marker: str = MARKER) -> Rendition:
    """A text with its link, and a picture for each alternative text."""
    pictures = tuple(PictureFile(PIXEL, "image/png", alt, 1, 1) for alt in alts)
    return Rendition(f"{text}\n\n{marker}", "fr", pictures, marker)


def delivery(number: int = 1, marker: str = MARKER, **facts: Any) -> Delivery:
    """The durable facts of a publication."""
    return Delivery(f"p{number}", 1, marker, f"etalage-p{number}", **facts)


def prepared(
    network: MastodonConnector, account: Account, rendition: Rendition, facts: Delivery, tries: int = 10
) -> Delivery:
    """Take all steps as the worker does: each part is kept, a step that must wait is taken again."""
    for _ in range(tries):
        step = network.next_step(account, rendition, facts)
        if step is None:
            return facts
        done = network.take_step(account, rendition, facts, step)
        if isinstance(done, Prepared):
            parts = {**facts.parts, done.part_name: done.remote_id}
            facts = Delivery(facts.publication_id, 1, facts.marker, facts.idempotency_key, parts=parts)
    raise AssertionError("the steps do not end")
