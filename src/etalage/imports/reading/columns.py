"""Which column holds what: found by its name, in four languages and the usual exports, or told by a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etalage.kit.text import LANGUAGES


@dataclass(frozen=True)
class Field:
    """Something that an import reads. `names` are its usual column names, written any way: case, accents, spaces
    and punctuation do not matter. `per_language` fields may come once per language, as in “Title (fr)”.
    """

    key: str
    label: str
    names: tuple[str, ...]
    required: bool = False
    per_language: bool = False


def normal(name: str) -> str:
    """A column's name without case, accents, spaces and punctuation."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def find_columns(
    header: Sequence[str], fields: Sequence[Field], told: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Map field keys to column positions. `told` maps keys to column names and wins; an empty name leaves out.

    A key of a field per language is `title` or `title:fr`. Raises KeyError for a told name that the header lacks.
    """
    places = {normal(name): place for place, name in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for field in fields:
        for key, names in _keys(field):
            place = next((places[name] for name in names if name in places), None)
            if place is not None and place not in found.values():
                found[key] = place
    for key, name in (told or {}).items():
        if not name:
            found.pop(key, None)
        elif normal(name) in places:
            found[key] = places[normal(name)]
        else:
            raise KeyError(name)
    return found


def missing(found: Mapping[str, int], fields: Sequence[Field]) -> list[Field]:
    """The required fields that have no column."""
    return [
        field
        for field in fields
        if field.required and not any(key.partition(":")[0] == field.key for key in found)
    ]


def _keys(field: Field) -> list[tuple[str, list[str]]]:
    names = [normal(name) for name in (field.key, *field.names)]
    if not field.per_language:
        return [(field.key, names)]
    languages = [(f"{field.key}:{language}", [name + language for name in names]) for language in LANGUAGES]
    return [(field.key, names), *languages]
