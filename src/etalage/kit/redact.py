"""Texts of errors without what must not be kept: whoever writes them may repeat a token that it was given."""

from __future__ import annotations

import re

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
    """`text` without tokens, passwords, addresses of people and keys, told by their shape."""
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text
