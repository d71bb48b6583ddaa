"""The visitor's mark: a random id in a signed cookie, set by the shop's pages only after consent."""

from __future__ import annotations

import hmac
from uuid import UUID

COOKIE = "etalage_visitor"
_NAME = COOKIE.encode() + b"="
_PURPOSE = b"etalage.visitor:"  # keeps this signature from being of use anywhere else the key serves
_ID_LENGTH, _SIGNATURE_LENGTH = 32, 64


def sign_visitor(visitor: UUID, key: bytes) -> str:
    """The cookie's value, `<id in hex>.<HMAC-SHA256 in hex>`. Raises ValueError for an empty key."""
    if not key:
        raise ValueError("the visitor key is not set")
    return f"{visitor.hex}.{_signature(visitor.hex.encode(), key)}"


def read_visitor(value: bytes, key: bytes) -> str | None:
    """The visitor's id in hex when the signature is ours, else None. Without a key nobody is known."""
    identity, dot, signature = value.partition(b".")
    if not (key and dot) or len(identity) != _ID_LENGTH or len(signature) != _SIGNATURE_LENGTH:
        return None
    if not hmac.compare_digest(_signature(identity, key).encode(), signature):
        return None
    return identity.decode("ascii")


def visitor_in(cookies: bytes, key: bytes) -> str | None:
    """The visitor named by a Cookie header, None when there is none or it is not signed by us."""
    if _NAME not in cookies:
        return None
    for pair in map(bytes.strip, cookies.split(b";")):
        if pair.startswith(_NAME) and (visitor := read_visitor(pair[len(_NAME) :], key)):
            return visitor
    return None


def _signature(identity: bytes, key: bytes) -> str:
    return hmac.digest(key, _PURPOSE + identity, "sha256").hex()
