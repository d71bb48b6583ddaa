"""The practice network, offered for connection; the guild, which asks its owners; a data folder for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from etalage.channels.actions import connect_channel
from etalage.channels.models import Channel
from etalage.edge.journal import Journal
from etalage.networks import inside, registry
from tests.channels.guild import Guild, running_guild
from tests.conftest import World
from tests.practice_network import PracticeNetwork, practice, practice_program

__all__ = ["practice", "practice_program"]

NewChannel = Callable[..., Channel]


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """The edge's files of this test alone."""
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def journal(folder: Path) -> Journal:
    """The edge's journal."""
    return Journal(folder / "journal.sqlite3")


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


@pytest.fixture
def guild(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guild]:
    """The guild, running, in the registry, and named as a network inside the shop's walls."""
    monkeypatch.setitem(registry.CONNECTORS, "guild", "tests.channels.guild:GuildConnector")
    with running_guild() as guild:
        monkeypatch.setattr(inside, "_origins", {guild.base_url})
        yield guild


@pytest.fixture
def join(guild: Guild, signed_in: dict[str, Client]) -> Callable[[], Channel]:
    """Connect the guild's account, as a manager does in a browser."""

    def connect() -> Channel:
        url = way_out(signed_in["manager"], guild)
        signed_in["manager"].get("/channels/callback/", guild.say_yes(url))
        return Channel.objects.select_related("grant").get(network="guild")

    return connect


def way_out(client: Client, guild: Guild) -> str:
    """Begin in this browser; the address that the page leads to."""
    answer = client.post("/channels/connect/guild/", {"address": guild.base_url, "language": "fr"})
    assert answer.status_code == 200, answer.content.decode()
    url: str = answer.context["way_out"].url
    return url
