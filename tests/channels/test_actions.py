"""Connecting, pausing, mending and giving up a channel, against the real practice network."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from etalage.accounts.models import AuditEntry
from etalage.channels import actions, queries
from etalage.channels.grants import version_of
from etalage.channels.models import Channel, Grant
from etalage.channels.reasons import what_to_do
from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.networks import registry
from etalage.networks.base import Abilities, Account, Connected, Mechanism, Publisher, Reason
from etalage.networks.practice.connector import PracticeConnector
from tests.channels.conftest import NewChannel
from tests.conftest import World
from tests.practice_network import PracticeNetwork

pytestmark = pytest.mark.django_db


def refusal(call: Any, *args: Any, **fields: Any) -> str:
    with pytest.raises(Refusal) as refused:
        call(*args, **fields)
    return refused.value.code


def test_an_account_becomes_a_channel_that_knows_what_it_can_do(
    new_channel: NewChannel, practice: PracticeNetwork
) -> None:
    channel = new_channel(name="Maison Lune", face=Mechanism.TWO_PHASE)
    publisher, account = queries.network_for(queries.find_channel(channel.pk))
    assert isinstance(publisher, Publisher)
    assert (channel.name, channel.state) == ("Maison Lune", "active")
    assert account.mechanism is Mechanism.TWO_PHASE
    assert queries.abilities_of(channel).text_limit == 500
    talents = queries.talents_of(channel)
    assert talents.publishes and talents.edits and talents.withdraws and talents.listens
    assert AuditEntry.objects.filter(action="channel.connected").count() == 1


def test_the_token_is_nowhere_in_the_database_or_in_words(new_channel: NewChannel) -> None:
    channel = new_channel()
    token = str(queries.account_of(queries.find_channel(channel.pk)).token)
    assert token and token not in repr(queries.account_of(queries.find_channel(channel.pk)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM channels_grant")
        assert all(token not in row[0] for row in cursor.fetchall())


def test_connecting_the_same_account_again_mends_its_channel(world: World, practice: PracticeNetwork) -> None:
    account = practice.open_account()
    first = actions.connect_channel("practice", practice.base_url, account.token, actor=world.manager)
    actions.rename_channel(first.pk, "Our page", actor=world.manager)
    actions.pause_channel(first.pk, Reason.AUTH_DEAD, actor=None, version=version_of(first))
    again = actions.connect_channel("practice", practice.base_url + "/", account.token, actor=world.manager)
    assert (again.pk, again.name, again.state) == (first.pk, "Our page", "active")
    assert Channel.objects.count() == Grant.objects.count() == 1


def test_what_cannot_be_connected_says_why(world: World, practice: PracticeNetwork) -> None:
    token = practice.open_account().token
    connect = actions.connect_channel
    assert refusal(connect, "practice", practice.base_url, "wrong", actor=world.manager) == "auth_dead"
    assert refusal(connect, "nowhere", practice.base_url, token, actor=world.manager) == "network_unknown"
    inside = "http://169.254.169.254/latest"
    assert refusal(connect, "practice", inside, token, actor=world.manager) == "misconfigured"
    assert refusal(connect, "practice", practice.base_url, token, actor=world.member) == "not_allowed"
    strange = {"actor": world.manager, "language": "de"}
    assert refusal(connect, "practice", practice.base_url, token, **strange) == "language_unknown"
    assert not Channel.objects.exists() and not Grant.objects.exists()


def test_a_paused_channel_is_resumed_only_when_its_network_agrees(
    new_channel: NewChannel, practice: PracticeNetwork, world: World
) -> None:
    channel = new_channel()
    actions.pause_channel(channel.pk, actor=world.manager)
    actions.pause_channel(channel.pk, actor=world.manager)  # once is enough
    assert Event.objects.filter(name__endswith="ChannelPaused").count() == 1
    assert not queries.active_channels().exists()
    practice.change_account(channel.handle, token_alive=False)
    assert refusal(actions.resume_channel, channel.pk, actor=world.manager) == "auth_dead"
    practice.change_account(channel.handle, token_alive=True)
    assert actions.resume_channel(channel.pk, actor=world.manager).state == "active"
    assert refusal(actions.pause_channel, channel.pk, actor=world.member) == "not_allowed"


def test_a_channel_that_is_given_up_can_do_nothing_more_from_that_moment(
    new_channel: NewChannel, world: World
) -> None:
    channel = actions.disconnect_channel(new_channel().pk, actor=world.manager)
    assert (channel.state, channel.grant) == ("disconnected", None)
    assert not queries.all_channels().exists()
    assert refusal(actions.resume_channel, channel.pk, actor=world.manager) == "channel_gone"
    with pytest.raises(queries.ChannelUnusable):
        queries.network_for(channel)


def test_abilities_are_asked_anew_and_a_dead_account_pauses(
    new_channel: NewChannel, practice: PracticeNetwork
) -> None:
    channel = new_channel()
    Channel.objects.filter(pk=channel.pk).update(abilities={**channel.abilities, "text_limit": 1})
    actions.refresh_abilities(channel.pk)
    assert queries.abilities_of(queries.find_channel(channel.pk)).text_limit == 500
    practice.order("platform_down", on="read")
    actions.refresh_abilities(channel.pk)
    assert queries.find_channel(channel.pk).state == "active"  # out of order is no refusal
    practice.change_account(channel.handle, token_alive=False)
    actions.refresh_abilities(channel.pk)
    assert queries.find_channel(channel.pk).pause_reason == "auth_dead"


class Fragile(PracticeConnector):
    """A connector with a fault of its own."""

    def connect(self, address: str, handle: str, token: str) -> Connected:
        raise TypeError("a shape that nobody thought of")

    def abilities(self, account: Account) -> Abilities:
        raise TypeError("a shape that nobody thought of")


def test_a_connector_that_breaks_is_told_in_words_and_stops_no_other(
    new_channel: NewChannel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.CONNECTORS, "fragile", f"{__name__}:Fragile")
    channel = new_channel()
    Channel.objects.update(network="fragile")
    Grant.objects.update(network="fragile")
    before = queries.find_channel(channel.pk).abilities
    actions.refresh_abilities(channel.pk)
    found = queries.find_channel(channel.pk)
    assert (found.state, found.abilities) == ("active", before)
    actions.pause_channel(channel.pk, actor=world.manager)
    assert refusal(actions.resume_channel, channel.pk, actor=world.manager) == "unknown"
    connect = actions.connect_channel
    assert refusal(connect, "fragile", "https://fragile.example", "token", actor=world.manager) == "unknown"


def test_quiet_only_ever_grows(new_channel: NewChannel) -> None:
    channel, now = new_channel(), clock.now()
    actions.keep_quiet(channel.pk, now + timedelta(minutes=5))
    actions.keep_quiet(channel.pk, now + timedelta(minutes=1))
    assert queries.find_channel(channel.pk).quiet_until == now + timedelta(minutes=5)


def test_what_is_no_reason_has_no_sentence() -> None:
    assert what_to_do("auth_dead") and not what_to_do("") and not what_to_do("channel_gone")
