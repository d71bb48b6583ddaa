"""What may be said to a person when something cannot be done.

The module stays plain Python, because rooms without Django raise refusals too. Sentences written there are
marked with `gettext_noop` (so that translators see them) and translated when they are shown, by the function
that the web shell hands over once with `translate_with`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Kept: TypeAlias = list[Any]
"""A marked sentence and the values that fill it, for JSON: [sentence, {name: value}]."""


class _Speech:
    """The translator in use; the identity until the web shell gives one."""

    translate: Callable[[str], str] = staticmethod(str)


def translate_with(translate: Callable[[str], str]) -> None:
    """Use `translate` (Django's `gettext`) for the sentences of plain rooms from now on."""
    _Speech.translate = staticmethod(translate)


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for translation without translating it yet."""
    return sentence


def said(sentence: str, values: Mapping[str, object]) -> str:
    """A marked sentence in the reader's language, filled with its values."""
    text = _Speech.translate(sentence) if sentence else ""
    return text % values if values else text


class Refusal(Exception):
    """A request that is understood and not granted; its text is shown to the person as it is.

    `message` is a str (marked with `gettext_noop`) or a lazy translation, and says what to do. `values` fill
    its named `%(placeholders)s`. `code` is stable, for programs. `status` is the HTTP status that fits.
    """

    def __init__(self, message: object, *, code: str, status: int = 400, **values: object) -> None:
        super().__init__(message)
        self._message = message
        self.code = code
        self.status = status
        self.values = values

    @property
    def message(self) -> str:
        """The sentence in the reader's language."""
        if type(self._message) is str:
            return said(self._message, self.values)
        return str(self._message) % self.values if self.values else str(self._message)

    @property
    def kept(self) -> Kept:
        """The sentence as it can be stored and said later, in the language of whoever reads it then.

        A lazy translation does not show its sentence: it is kept in the language of this moment.
        """
        values = {
            name: value if isinstance(value, int) else str(value) for name, value in self.values.items()
        }
        return [str(self._message), values]

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, status={self.status})"
