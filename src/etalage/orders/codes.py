"""The code of a reservation: short enough to read aloud, and what a scanner makes of it."""

from __future__ import annotations

import hmac
import re
import unicodedata
from uuid import UUID

from django.utils.crypto import salted_hmac

from etalage.kit.ids import UNAMBIGUOUS, short_code

LENGTH = 7
_IN_ADDRESS = re.compile(r"/r/([^/?#\s]+)")
_NOT_A_SIGN = re.compile(r"[\s.\-_–—]+")


def new_code() -> str:
    """A random code of seven signs that cannot be mistaken for each other: one in 13 thousand million."""
    return short_code(LENGTH)


def read_code(typed: str) -> str:
    """The code in what somebody typed or scanned: the code itself, in any case and spacing, or its address.

    Returns "" when nothing in it can be a code.
    """
    text = unicodedata.normalize("NFKC", typed)[:500]
    found = _IN_ADDRESS.search(text)
    code = _NOT_A_SIGN.sub("", found.group(1) if found else text).upper()
    code = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in code)
    return code if len(code) == LENGTH and set(code) <= set(UNAMBIGUOUS) else ""


def secret_of(reservation_id: UUID) -> str:
    """What the customer's own link carries: without it nobody sees the details or cancels."""
    return salted_hmac("etalage.orders.reservation", reservation_id.hex, algorithm="sha256").hexdigest()[:32]


def is_secret_of(secret: str, reservation_id: UUID) -> bool:
    """True when `secret` came from `secret_of`; takes the same time for every wrong one."""
    return hmac.compare_digest(secret.encode(), secret_of(reservation_id).encode())
