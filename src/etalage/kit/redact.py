"""Texts of errors without what must not be kept: whoever writes them may repeat a token that it was given."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any

LONGEST = 4000
"""Characters of a text that are read: it may come from outside, and what lies beyond says nothing more to anybody."""
LONGEST_LOGGED = 40_000
SHORTEST_KNOWN = 8

# A stranger chooses what these meet, so that each takes time by the text's length and no more: a run of letters is
# entered at its beginning only, and what was taken is not given back ("++").
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic|token|oauth)\s++[\w.~+/=-]{8,}+"), r"\1 …"),
    (
        re.compile(
            r"(?i)(?<![\w-])(?=[\w-]*?(?:token|secret|passw(?:or)?d|api[_-]?key|authorization|signature|cookie|code))"
            r"([\w-]++(?:\\?['\"])?\s*+[=:]\s*+(?:\\?['\"])?)[^\s'\"&,;)}]++"
        ),
        r"\1…",
    ),
    (re.compile(r"(?<=://)[^\s/]*@"), "…@"),
    (re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++"), "…@…"),
    # What networks call an app password.
    (re.compile(r"(?i)(?<![\w-])[a-z0-9]{4}(?:-[a-z0-9]{4}){3}(?![\w-])"), "…"),
)
_RUN = re.compile(r"(?<![\w-])[\w-]{24,}+")
_ID_OF_A_ROW = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PIECE = re.compile(r"[^\W_]+")
# A word (Of CamelCase too, but no letters of which every other is a capital), a date, a size.
_WORD = re.compile(r"(?!.*[A-Z][a-z][A-Z])[^\W\d_]+|\d{1,8}|\w{1,3}")
_known: set[str] = set()


def never_show(secrets: Iterable[str]) -> None:
    """Take these texts out of whatever is redacted from now on; the settings name this installation's own keys."""
    _known.update(secret for secret in secrets if len(secret) >= SHORTEST_KNOWN)


def redact(text: str, longest: int = LONGEST) -> str:
    """`text` without tokens, passwords, addresses of people and keys, told by their shape; of `longest` characters.

    Where it is cut, the last word goes too: half a token does not look like one.
    """
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, "…")
    if len(text) > longest:
        text = re.sub(r"(?<!\S)\S+\Z", "", text[: longest - 1]) + "…"
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return _RUN.sub(lambda found: "…" if _is_key(found[0]) else found[0], text)


def _is_key(run: str) -> bool:
    """Whether a long run of letters, digits and dashes is no id of a row and no words that dashes join."""
    if not re.search(r"[^\W\d_]", run) or _ID_OF_A_ROW.fullmatch(run):
        return False
    return not all(_WORD.fullmatch(piece) for piece in _PIECE.findall(run))


def words_of(error: BaseException) -> str:
    """What an error says. Of PostgreSQL's only the first sentence: the others quote rows, in the server's language."""
    for one in (error, error.__cause__):  # Django's error says the same words as the driver's that caused it
        first: str | None = getattr(getattr(one, "diag", None), "message_primary", None)
        if first:
            return first
    return str(error)


class WithoutSecrets(logging.Formatter):
    """Lines of a log, and the traces below them, as what must not be kept elsewhere must not be kept there."""

    def format(self, record: logging.LogRecord) -> str:
        """As usual, redacted."""
        return redact(super().format(record), LONGEST_LOGGED)

    def formatException(self, ei: Any) -> str:
        """As usual, without the rows that an error quotes."""
        text = super().formatException(ei)
        for error in _chain(ei[1]):
            if (said := str(error)) != (told := words_of(error)):
                text = text.replace(said, told)
        return text


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
