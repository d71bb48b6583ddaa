"""The pieces of the composer that repeat: a text per language, a channel, a picture, a product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import get_language_info

from etalage.catalogue.queries import ProductCard
from etalage.channels.models import Channel
from etalage.kit.text import LANGUAGES, language_direction
from etalage.networks.abilities import Abilities
from etalage.publishing.models import Aim, PostPicture


@dataclass(frozen=True)
class WordsInput:
    """A text area in one language; a closed one is offered, an open one asked for."""

    name: str
    code: str
    language: str
    dir: str
    value: str
    open: bool


@dataclass(frozen=True)
class ChannelRow:
    """A channel as a card: chosen or not, in which language, with which words of its own."""

    channel: Channel
    abilities: Abilities
    chosen: bool
    language: str
    custom_text: str

    @property
    def good_for(self) -> list[tuple[str, Promise]]:
        """What the channel is good for: the aim's name and its label."""
        return [(aim.value, Aim(aim.value).label) for aim in self.abilities.good_for]


@dataclass(frozen=True)
class PictureRow:
    """A picture of the post with an input per language for its description."""

    picture: PostPicture
    alts: list[WordsInput]
    missing: bool


@dataclass(frozen=True)
class ProductRow:
    """A product that may be ticked, and whether its picture is to be used."""

    shown: ProductCard
    chosen: bool
    with_picture: bool


def words_inputs(prefix: str, texts: Mapping[str, str], wanted: Iterable[str]) -> list[WordsInput]:
    """One input per language of the interface; those wanted or filled stand first and open."""
    open_ = [*dict.fromkeys(code for code in [*wanted, *texts] if code in LANGUAGES)]
    closed = [code for code in LANGUAGES if code not in open_]
    return [_input(prefix, code, texts.get(code, ""), code in open_) for code in [*open_, *closed]]


def _input(prefix: str, code: str, value: str, is_open: bool) -> WordsInput:
    name = str(get_language_info(code)["name_local"]).capitalize()
    return WordsInput(f"{prefix}_{code}", code, name, language_direction(code), value, is_open)


def read_ids(values: Iterable[str]) -> list[UUID]:
    """The ids among what a form sent, each once, in its order; whatever is none is left out."""
    found: dict[UUID, None] = {}
    for value in values:
        try:
            found[UUID(value)] = None
        except ValueError:
            continue
    return list(found)
