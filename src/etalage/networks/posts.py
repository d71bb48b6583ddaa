"""What every network's posts share: the names of their parts, and the link by which ours is known again."""

from __future__ import annotations

from collections.abc import Iterable

from etalage.networks.base import Rendition


def picture_parts(rendition: Rendition) -> list[str]:
    """Names of the parts that hold the uploaded pictures, in order."""
    return [f"picture-{position}" for position in range(len(rendition.pictures))]


def names_link(addresses: Iterable[str], marker: str) -> bool:
    """Whether one of these is the publication's tracked link: its code is enough, our public address may change."""
    code = marker.rpartition("/")[2]
    return bool(code) and any(address.rpartition("/")[2] == code for address in addresses)
