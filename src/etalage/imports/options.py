"""What a person says about a whole file, checked before the first row is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext_lazy as _

from etalage.accounts.queries import open_stores
from etalage.imports.reading.columns import normal
from etalage.imports.reading.text import known_codec
from etalage.kit.errors import Refusal
from etalage.kit.money import is_currency
from etalage.kit.text import LANGUAGES

DATES = ("day-first", "month-first")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
LONGEST = 60


class OptionRefused(Refusal):
    """A choice for the whole file that does not exist."""


def checked(options: Mapping[str, str]) -> dict[str, str]:
    """The options that say something, in their stored form. Raises OptionRefused or FileRefused."""
    given = {key: value.strip() or value for key, value in options.items() if value}
    return {key: _CHECKS[key](value) for key, value in given.items()}


def _text(value: str) -> str:
    return value[:LONGEST]


def _store(value: str) -> str:
    for store in open_stores():
        if normal(value) in {normal(store.code), normal(store.name)}:
            return store.code
    known = ", ".join(f"{store.code} ({store.name})" for store in open_stores())
    raise OptionRefused(
        _("There is no open store called “%(name)s”. The stores are: %(known)s."),
        code="store_unknown",
        status=422,
        name=value,
        known=known,
    )


def _currency(value: str) -> str:
    if is_currency(value.upper()):
        return value.upper()
    raise OptionRefused(
        _("“%(name)s” is not a currency. Use three letters such as EUR."),
        code="currency_unknown",
        status=422,
        name=value,
    )


def _among(choices: tuple[str, ...]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value in choices:
            return value
        raise OptionRefused(
            _("“%(name)s” cannot be chosen here. Choose among: %(known)s."),
            code="option_unknown",
            status=422,
            name=value,
            known=" ".join(choices),
        )

    return check


def _delimiter(value: str) -> str:
    mark = DELIMITERS.get(value, value)
    return _among((*DELIMITERS.values(), *DELIMITERS))(mark)


_CHECKS: dict[str, Callable[[str], str]] = {
    "source": _text,
    "place": _text,
    "store": _store,
    "currency": _currency,
    "decimal": _among((",", ".")),
    "dates": _among(DATES),
    "language": _among(LANGUAGES),
    "encoding": known_codec,
    "delimiter": _delimiter,
}
