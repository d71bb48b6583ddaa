"""Small posts for tests: a text with a tracked link, pictures drawn on the spot, the facts of a delivery."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image

from etalage.kit.ids import uuid7
from etalage.networks.base import Account, Delivery, Outcome, PictureFile, Prepared, Rendition
from etalage.networks.bluesky.connector import BlueskyConnector


def picture(
    alt: str = "A brown boot", color: str = "#7a4b2a", width: int = 120, height: int = 90
) -> PictureFile:
    """A small JPEG."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), color).save(file, "JPEG")
    return PictureFile(file.getvalue(), "image/jpeg", alt, width, height)


def delivery(network: BlueskyConnector) -> Delivery:
    """A publication's first attempt, with a tracked link of its own."""
    publication = str(uuid7())
    marker = f"https://lune.example/l/{publication.replace('-', '')[16:]}"
    return Delivery(publication, 1, marker, f"key-{publication}", network.client_key(publication))


def rendition(facts: Delivery, *pictures: PictureFile, text: str = "New boots are in:") -> Rendition:
    """A text that carries the tracked link."""
    return Rendition(f"{text} {facts.marker} #boots", "en", pictures, facts.marker)


def prepared(network: BlueskyConnector, account: Account, content: Rendition, facts: Delivery) -> Delivery:
    """The delivery with all its parts made at the network."""
    while step := network.next_step(account, content, facts):
        part = network.take_step(account, content, facts, step)
        assert isinstance(part, Prepared), part
        facts = replace(facts, parts={**facts.parts, part.part_name: part.remote_id})
    return facts


def publish(network: BlueskyConnector, account: Account, content: Rendition, facts: Delivery) -> Outcome:
    """Prepare and commit once."""
    return network.commit(account, content, prepared(network, account, content, facts))
