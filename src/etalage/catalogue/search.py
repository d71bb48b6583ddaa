"""The words by which a product is found, written the same way whatever case and accents they had."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": None}
)


def fold(text: str) -> str:
    """Lower case, without accents and vowel signs, with one form for letters that Arabic writes in several."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_ARABIC))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def search_text(parts: Iterable[str]) -> str:
    """The words of `parts`, each once, as they stand in lower case and folded.

    Both, so that a search finds them however the database compares letters.
    """
    words = [word for part in parts for word in part.casefold().split()]
    return " ".join(dict.fromkeys([*words, *(fold(word) for word in words)]))
