"""Networks that the shop runs inside its own walls: the only inside addresses that may be called.

An address that a person types in must be a public one, or it could make this program speak to the shop's own
machines. Who really runs a network there names its origin in `ETALAGE_INSIDE_NETWORKS`, separated by commas.
"""

from __future__ import annotations

from collections.abc import Iterable

_origins: set[str] = set()


def allow(origins: Iterable[str]) -> None:
    """Let these origins ("http://localhost:2583") be called although they are inside; the settings say which."""
    _origins.update(origin.rstrip("/").lower() for origin in origins)


def may_be_inside(origin: str) -> bool:
    """Whether the installation names this origin as a network of its own."""
    return origin.rstrip("/").lower() in _origins
