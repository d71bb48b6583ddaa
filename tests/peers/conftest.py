"""Real networks, and posts of a shop to deliver to them."""

from __future__ import annotations

from etalage.networks.mastodon.tests.conftest import snac
from tests.channels.conftest import folder, journal
from tests.peers.bluesky import bluesky, bluesky_program
from tests.peers.person import _browser, browser
from tests.publishing.conftest import new_post, red_png, traveller

__all__ = [
    "_browser",
    "bluesky",
    "bluesky_program",
    "browser",
    "folder",
    "journal",
    "new_post",
    "red_png",
    "snac",
    "traveller",
]
