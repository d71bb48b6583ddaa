"""Texts that know their languages and their direction."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Literal

import nh3

from etalage.kit.clusters import clusters

LANGUAGES = ("en", "fr", "nl", "ar")
Direction = Literal["ltr", "rtl"]

_RIGHT_TO_LEFT = frozenset(("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "syr", "ug", "ur", "yi"))
_BLOCKS = {"p", "br", "li", "div", "tr", "blockquote", "dt", "dd", "table", "ul", "ol", "pre"}
_BLOCKS |= {f"h{level}" for level in range(1, 7)}
_LATIN_LETTERS = {
    "œ": "oe",
    "æ": "ae",
    "ß": "ss",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
}


class TranslatedText(Mapping[str, str]):
    """One text in some of the interface's languages; immutable. Blank translations count as missing."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, str] | str | None = None, *, language: str = "en") -> None:
        """Take a mapping, or one text and its language; ValueError for a language we do not have."""
        given = {language: texts} if isinstance(texts, str) else dict(texts or {})
        for code, text in given.items():
            if code not in LANGUAGES:
                raise ValueError(f"{code!r} is not one of the languages {', '.join(LANGUAGES)}.")
            if not isinstance(text, str):
                raise TypeError(f"The text in {code!r} is not a text.")
        self._texts = {code: given[code] for code in LANGUAGES if given.get(code, "").strip()}

    def __getitem__(self, language: str) -> str:
        return self._texts[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __hash__(self) -> int:
        return hash(tuple(self._texts.items()))

    def __str__(self) -> str:
        return self.in_language("en")

    def __repr__(self) -> str:
        return f"TranslatedText({self._texts!r})"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have a text, in the order of `LANGUAGES`."""
        return tuple(self._texts)

    @property
    def is_empty(self) -> bool:
        return not self._texts

    def in_language(self, language: str, default: str = "en") -> str:
        """The text in `language` ("fr", "fr-be"), else in `default`, else the first there is, else ""."""
        return self._texts[self.language_for(language, default)] if self._texts else ""

    def language_for(self, language: str, default: str = "en") -> str:
        """The language that `in_language` answers in, for the `lang` attribute; "" when there is no text."""
        for wanted in (language.split("-", maxsplit=1)[0].lower(), default):
            if wanted in self._texts:
                return wanted
        return next(iter(self._texts), "")

    def with_text(self, language: str, text: str) -> TranslatedText:
        """The same, with the text in one language replaced."""
        return TranslatedText({**self._texts, language: text})


def direction(text: str) -> Direction:
    """The direction of the first strong character, as `dir="auto"` finds it; "ltr" when there is none."""
    isolates = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("LRI", "RLI", "FSI"):
            isolates += 1
        elif kind == "PDI":
            isolates = max(0, isolates - 1)
        elif not isolates and kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def language_direction(language: str) -> Direction:
    """The direction in which a language is written."""
    return "rtl" if language.replace("_", "-").split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def graphemes(text: str) -> int:
    """How many characters a reader sees (extended grapheme clusters)."""
    return sum(1 for _ in clusters(text))


def clip(text: str, limit: int, ellipsis: str = "…") -> str:
    """`text` in at most `limit` graphemes, the ellipsis included when something had to go."""
    seen = list(clusters(text))
    if len(seen) <= limit:
        return text
    room = limit - graphemes(ellipsis)
    return "".join(seen[:room]).rstrip() + ellipsis if room >= 0 else "".join(seen[: max(0, limit)])


def storable(text: str, limit: int | None = None) -> str:
    """`text` as every database takes it: without NUL, halves of signs as "?"; cut to `limit` characters.

    JSON can hold both, so whatever comes out of somebody else's JSON passes here before it is stored.
    """
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:limit]


def plain_text(markup: str) -> str:
    """The words of a piece of HTML: no tags, no scripts, a line per block, entities read."""
    blocks = nh3.clean(markup, tags=_BLOCKS, attributes={}, link_rel=None)
    lines = re.sub(r"\s+", " ", blocks)
    lines = re.sub(r"</?[a-z][a-z0-9]*\s*/?>", "\n", lines)  # only bare block tags are left here
    words = html.unescape(lines)
    return "\n".join(line for line in (" ".join(row.split()) for row in words.split("\n")) if line)


def slugify_any(text: str) -> str:
    """Lower-case words joined by dashes, in any script: Latin loses its accents, Arabic keeps its letters."""
    folded = "".join(
        map(_slug_letter, unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).lower()))
    )
    return re.sub(r"-+", "-", folded).strip("-")


def _slug_letter(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Mn" and ("\u0300" <= character <= "\u036f" or "ARABIC" in unicodedata.name(character, "")):
        return ""  # accents that stand alone, and vowel signs
    if character == "\N{ARABIC TATWEEL}" or character in "'’ʼ" or kind == "Cf":
        return ""
    if kind[0] == "L" and unicodedata.name(character, "").startswith("LATIN"):
        base = unicodedata.normalize("NFD", character)[0]
        return _LATIN_LETTERS.get(base, base)
    return character if kind[0] in "LMN" else "-"
