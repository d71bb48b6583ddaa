"""What may be said to a person when something cannot be done.

The module stays plain Python, because rooms without Django raise refusals too. Sentences written there are
marked with `gettext_noop` (so that translators see them) and translated when they are shown, by the function
that the web shell hands over once with `translate_with`.
"""

from __future__ import annotations

from collections.abc import Callable


class _Speech:
    """The translator in use; the identity until the web shell gives one."""

    translate: Callable[[str], str] = staticmethod(str)


def translate_with(translate: Callable[[str], str]) -> None:
    """Use `translate` (Django's `gettext`) for the sentences of plain rooms from now on."""
    _Speech.translate = staticmethod(translate)


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for translation without translating it yet."""
    return sentence


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
        text = self._message if isinstance(self._message, str) else str(self._message)
        if text and type(self._message) is str:
            text = _Speech.translate(text)
        return text % self.values if self.values else text

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, status={self.status})"
