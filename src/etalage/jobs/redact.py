"""Error texts for people: without what must not be kept, and short."""

from __future__ import annotations

import re
from traceback import extract_tb

from etalage.kit.text import storable

LONGEST = 2000
FRAMES = 4

_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic|token|oauth)\s+[\w.~+/=-]{8,}"), r"\1 …"),
    (
        re.compile(
            r"(?i)([\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|authorization|signature|cookie|code)[\w-]*)"
            r"(['\"]?\s*[=:]\s*['\"]?)[^\s'\"&,;)}]+"
        ),
        r"\1\2…",
    ),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]+@"), r"\1…@"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),
    # Long runs of letters and digits mixed are keys; ids of rows have dashes and stay readable.
    (re.compile(r"(?<![\w-])(?=[\w]*\d)(?=[\w]*[A-Za-z])\w{24,}(?![\w-])"), "…"),
)


def redact(text: str) -> str:
    """`text` without tokens, passwords, addresses of people and keys; at most 2,000 characters."""
    text = storable(text)
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def explain(error: BaseException) -> str:
    """The error's kind and text, and the last places it passed through, redacted."""
    frames = extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"  {frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return redact("\n".join([f"{type(error).__name__}: {error}", *places]))
