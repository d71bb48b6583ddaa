"""Whether a rendition fits what an account can do: asked when saving, when scheduling and just before sending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from etalage.networks.abilities import Abilities
from etalage.networks.base import PictureFile, Rendition
from etalage.networks.counting import text_length


class Rule(StrEnum):
    """What a rendition can break."""

    TEXT_TOO_LONG = "text_too_long"
    TEXT_TOO_MANY_BYTES = "text_too_many_bytes"
    NOTHING_TO_SAY = "nothing_to_say"
    TOO_FEW_PICTURES = "too_few_pictures"
    TOO_MANY_PICTURES = "too_many_pictures"
    PICTURE_FORMAT = "picture_format"
    PICTURE_TOO_HEAVY = "picture_too_heavy"
    PICTURE_SIZE = "picture_size"
    PICTURE_RATIO = "picture_ratio"
    ALT_TOO_LONG = "alt_too_long"


@dataclass(frozen=True)
class Problem:
    """A broken rule with the value found and the limit, and which picture it is about (counted from 0)."""

    rule: Rule
    value: float
    limit: float
    picture: int | None = None


def problems(rendition: Rendition, abilities: Abilities) -> list[Problem]:
    """Everything that the network would refuse; empty when it fits."""
    found = [*_of_text(rendition, abilities), *_of_count(rendition, abilities)]
    for position, picture in enumerate(rendition.pictures):
        found += _of_picture(position, picture, abilities)
    return found


def _of_text(rendition: Rendition, abilities: Abilities) -> Iterator[Problem]:
    length = text_length(rendition.text, abilities)
    if length > abilities.text_limit:
        yield Problem(Rule.TEXT_TOO_LONG, length, abilities.text_limit)
    size = len(rendition.text.encode("utf-8", "surrogatepass"))
    if abilities.text_bytes_limit is not None and size > abilities.text_bytes_limit:
        yield Problem(Rule.TEXT_TOO_MANY_BYTES, size, abilities.text_bytes_limit)
    if not rendition.text.strip() and not rendition.pictures:
        yield Problem(Rule.NOTHING_TO_SAY, 0, 1)


def _of_count(rendition: Rendition, abilities: Abilities) -> Iterator[Problem]:
    count = len(rendition.pictures)
    if count < abilities.min_pictures:
        yield Problem(Rule.TOO_FEW_PICTURES, count, abilities.min_pictures)
    if count > abilities.max_pictures:
        yield Problem(Rule.TOO_MANY_PICTURES, count, abilities.max_pictures)


def _of_picture(position: int, picture: PictureFile, abilities: Abilities) -> Iterator[Problem]:
    if picture.media_type not in abilities.picture_formats:
        yield Problem(Rule.PICTURE_FORMAT, 0, 0, position)
    if len(picture.data) > abilities.picture_max_bytes:
        yield Problem(Rule.PICTURE_TOO_HEAVY, len(picture.data), abilities.picture_max_bytes, position)
    for value, least, most in (
        (picture.width, abilities.picture_min_width, abilities.picture_max_width),
        (picture.height, abilities.picture_min_height, abilities.picture_max_height),
    ):
        if not least <= value <= most:
            yield Problem(Rule.PICTURE_SIZE, value, least if value < least else most, position)
    ratio = picture.width / picture.height
    if not abilities.picture_min_ratio <= ratio <= abilities.picture_max_ratio:
        limit = (
            abilities.picture_min_ratio
            if ratio < abilities.picture_min_ratio
            else abilities.picture_max_ratio
        )
        yield Problem(Rule.PICTURE_RATIO, ratio, limit, position)
    if len(picture.alt) > abilities.alt_text_limit:
        yield Problem(Rule.ALT_TOO_LONG, len(picture.alt), abilities.alt_text_limit, position)
