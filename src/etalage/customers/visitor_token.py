"""The visitor's cookie: `<uuid hex>.<hmac hex>`, the same for these pages and for the edge. Plain Python."""

from __future__ import annotations

import hmac
from uuid import UUID

from etalage.edge.visitors import COOKIE, read_visitor, sign_visitor

__all__ = ["COOKIE", "MAX_AGE_SECONDS", "sign", "verify", "visitor_key"]

MAX_AGE_SECONDS = 60 * 60 * 24 * 180
_LABEL = b"etalage visitor cookie, first edition"


def visitor_key(secret_key: str) -> bytes:
    """The key of the cookie's signature, derived from the installation's secret key. Empty for an empty one."""
    return hmac.digest(secret_key.encode(), _LABEL, "sha256") if secret_key else b""


def sign(visitor: UUID, key: bytes) -> str:
    """The cookie's value for a visitor. Raises ValueError for an empty key."""
    return sign_visitor(visitor, key)


def verify(value: str, key: bytes) -> UUID | None:
    """The visitor of a cookie's value when it is signed by us, else None."""
    identity = read_visitor(value.encode("utf-8", "replace"), key)
    try:
        return UUID(hex=identity) if identity else None
    except ValueError:
        return None
