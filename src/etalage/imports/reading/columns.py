"""Which column holds what: found by its name, in four languages and the usual exports, or told by a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from etalage.imports.reading.refusals import FileRefused
from etalage.kit.text import LANGUAGES


@dataclass(frozen=True)
class Field:
    """Something that an import reads. `names` are its usual column names, written any way: case, accents, spaces
    and punctuation do not matter. `label` is marked with `gettext_noop` and translated when it is shown.
    `per_language` fields may come once per language, as in “Title (fr)”. A required field may be done without
    where one of the `or_else` keys is found.
    """

    key: str
    label: str
    names: tuple[str, ...]
    required: bool = False
    per_language: bool = False
    or_else: tuple[str, ...] = ()
    about: str = ""
    """What stands behind the label as it is, such as the name of a store."""

    def labels(self, translate: Callable[[str], str] = str) -> list[tuple[str, str]]:
        """The keys that a column of this field can have, each with its translated label."""
        label = translate(self.label) + (f": {self.about}" if self.about else "")
        if not self.per_language:
            return [(self.key, label)]
        return [(self.key, label), *((f"{self.key}:{code}", f"{label} ({code})") for code in LANGUAGES)]


def normal(name: str) -> str:
    """A column's name without case, accents, spaces and punctuation."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def find_columns(
    header: Sequence[str], fields: Sequence[Field], told: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Map field keys to column positions. `told` maps keys to column names and wins; an empty name leaves out.

    A key of a field per language is `title` or `title:fr`. A column means one thing only: what is told takes it
    from what was found. Raises FileRefused for a told key or column that does not exist.
    """
    told = told or {}
    check_told(header, fields, told)
    places = {normal(name): place for place, name in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for field in fields:
        for key, names in _keys(field):
            place = next((places[name] for name in names if name in places), None)
            if place is not None and place not in found.values():
                found[key] = place
    chosen = {key: places[normal(name)] for key, name in told.items() if name}
    taken = set(chosen.values())
    return {key: place for key, place in found.items() if key not in told and place not in taken} | chosen


def check_told(header: Sequence[str], fields: Sequence[Field], told: Mapping[str, str]) -> None:
    """Raise FileRefused when `told` names a field or a column that does not exist."""
    known = keys(fields)
    names = {normal(name) for name in header}
    for key, name in told.items():
        if key not in known:
            raise FileRefused("field_unknown", name=key, fields=", ".join(known))
        if name and normal(name) not in names:
            raise FileRefused("column_unknown", name=name, columns=", ".join(filter(None, header)))


def keys(fields: Sequence[Field]) -> list[str]:
    """Every key that a column can have, those per language after their field."""
    return [key for field in fields for key, _names in _keys(field)]


def missing(found: Mapping[str, int], fields: Sequence[Field]) -> list[Field]:
    """The required fields that have no column, and nothing that stands in for them."""
    there = {key.partition(":")[0] for key in found}
    return [
        field for field in fields if field.required and not there.intersection((field.key, *field.or_else))
    ]


def _keys(field: Field) -> list[tuple[str, list[str]]]:
    names = [normal(name) for name in (field.key, *field.names)]
    if not field.per_language:
        return [(field.key, names)]
    languages = [(f"{field.key}:{language}", [name + language for name in names]) for language in LANGUAGES]
    return [(field.key, names), *languages]
