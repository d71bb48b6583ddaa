"""The networks that this program can speak to: an explicit list, each loaded when it is first used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

CONNECTORS = {
    "practice": "etalage.networks.practice.connector:PracticeConnector",
    "bluesky": "etalage.networks.bluesky.connector:BlueskyConnector",
    "mastodon": "etalage.networks.mastodon.connector:MastodonConnector",
}


def names() -> list[str]:
    """Names of all networks, in the order in which a page offers them."""
    return list(CONNECTORS)


def find(name: str) -> Any:
    """The connector of that network; None for one that this version does not know."""
    return get(name) if name in CONNECTORS else None


@cache
def get(name: str) -> Any:
    """The connector of that network, one per process; ask `isinstance(connector, Publisher)` what it can be.

    Raises `KeyError` for a name that is not listed.
    """
    module, _, attribute = CONNECTORS[name].partition(":")
    return getattr(import_module(module), attribute)()
