"""Error texts for people: without what must not be kept, and short."""

from __future__ import annotations

from traceback import extract_tb

from etalage.kit.redact import redact as without_secrets
from etalage.kit.redact import words_of
from etalage.kit.text import storable

LONGEST = 2000
FRAMES = 4


def redact(text: str) -> str:
    """`text` without tokens, passwords, addresses of people and keys; at most 2,000 characters."""
    text = without_secrets(storable(text))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def explain(error: BaseException) -> str:
    """The error's kind and text, and the last places it passed through, redacted."""
    frames = extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"  {frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return redact("\n".join([f"{type(error).__name__}: {words_of(error)}", *places]))
