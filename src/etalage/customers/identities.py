"""Identities in their normal form, so that one person typed three ways is still one person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from etalage.customers.calling_codes import KEEPS_ZERO, dialled
from etalage.customers.models import IdentityKind

Known = tuple[str, str]

_is_email = EmailValidator()


class BadIdentity(ValueError):
    """A value that nobody can be known by: an e-mail address without @, a phone of three digits."""


def normal_identity(kind: str, value: str, calling_code: str = "") -> Known:
    """The pair `(kind, value)` in its normal form.

    `calling_code` is the country's, digits only ("32"), for phones written without one. Raises BadIdentity.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    match kind:
        case IdentityKind.EMAIL:
            return kind, _email(text)
        case IdentityKind.PHONE:
            return kind, _phone(text, calling_code)
        case IdentityKind.CARD:
            return kind, _number(_letters_and_digits(text))
        case IdentityKind.IMPORT:
            return kind, _number(text)
    raise BadIdentity(kind)


def normal_identities(pairs: Iterable[Known], calling_code: str = "") -> list[Known]:
    """The usable ones of `pairs` in their normal form, each once, in their order; the others are left out."""
    found: dict[Known, None] = {}
    for kind, value in pairs:
        try:
            found[normal_identity(kind, value, calling_code)] = None
        except BadIdentity:
            continue
    return list(found)


def _email(text: str) -> str:
    text = text.lower()
    if len(text) > 254:
        raise BadIdentity(text)
    try:
        _is_email(text)
    except ValidationError as problem:
        raise BadIdentity(text) from problem
    return text


def _phone(text: str, calling_code: str) -> str:
    """`+` and digits where the country is known (ITU E.164), else the digits as they were typed."""
    text = text.replace("(0)", "")
    if re.search(r"[^\d\s+().\-/\u200e\u200f\u202a-\u202e]", text):
        raise BadIdentity(text)
    digits = dialled(text)
    international = text.lstrip("\u200e\u200f\u202a\u202b\u202d (").startswith("+")
    if not international and digits.startswith("00"):
        digits, international = digits[2:], True
    elif not international and calling_code:
        local = digits if calling_code in KEEPS_ZERO else digits.removeprefix("0")
        digits, international = calling_code + local, True
    if not 6 <= len(digits) <= 15:
        raise BadIdentity(text)
    return f"+{digits}" if international else digits


def _letters_and_digits(text: str) -> str:
    """In capitals, without what people put between groups; normalised again, as signs that now meet may combine."""
    kept = "".join(sign for sign in unicodedata.normalize("NFKC", text.upper()) if sign.isalnum())
    return unicodedata.normalize("NFKC", kept)


def _number(text: str) -> str:
    if not 1 <= len(text) <= 120 or any(unicodedata.category(sign)[0] == "C" for sign in text):
        raise BadIdentity(text)
    return text
