"""The directory that keeps the documents of identities (did:plc): the world's, or a network's of the shop's own."""

from __future__ import annotations

WORLDS = "https://plc.directory"
_origins = [WORLDS]


def use(address: str) -> None:
    """Ask this one from now on, for a network that the shop runs itself; the settings say which. Empty: the world's."""
    _origins[0] = address.rstrip("/") or WORLDS


def origin() -> str:
    """Where it is asked."""
    return _origins[0]
