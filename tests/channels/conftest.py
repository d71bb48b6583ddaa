"""The practice network, offered for connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from etalage.channels.actions import connect_channel
from etalage.channels.models import Channel
from tests.conftest import World
from tests.practice_network import PracticeNetwork, practice, practice_program

__all__ = ["practice", "practice_program"]

NewChannel = Callable[..., Channel]


@pytest.fixture
def on_offer(practice: PracticeNetwork, settings: Settings) -> PracticeNetwork:
    """The practice network is this installation's own."""
    settings.PRACTICE_NETWORK = practice.base_url
    return practice


@pytest.fixture
def new_channel(world: World, practice: PracticeNetwork) -> NewChannel:
    """Connect a fresh account."""

    def connect(**options: Any) -> Channel:
        account = practice.open_account(**options)
        return connect_channel("practice", practice.base_url, account.token, actor=world.manager)

    return connect
