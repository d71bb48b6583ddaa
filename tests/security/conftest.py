"""What the tests of the security floor share: shops that run, and a network with a secret."""

from __future__ import annotations

from tests.channels.conftest import on_offer
from tests.cli.conftest import made_once, ready, shop
from tests.practice_network import practice, practice_program

__all__ = ["made_once", "on_offer", "practice", "practice_program", "ready", "shop"]
