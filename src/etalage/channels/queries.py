"""Reads about the shop's channels, and the way from a channel to its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from etalage.channels.models import Channel, ChannelState
from etalage.channels.reasons import what_to_do
from etalage.networks import registry
from etalage.networks.base import Abilities, Account, Editor, Measurer, Publisher, Receiver


class ChannelUnusable(Exception):
    """Nothing can be asked of this channel: its grant is gone or its network is not known here."""


@dataclass(frozen=True)
class Talents:
    """What a channel can do, for a page: each line is yes or no."""

    publishes: bool
    edits: bool
    withdraws: bool
    listens: bool
    replies: bool
    measures: bool


@dataclass(frozen=True)
class ChannelCard:
    """A channel as its page shows it: what it can do, and what to do when it is paused."""

    channel: Channel
    talents: Talents
    abilities: Abilities
    advice: object  # a sentence, empty when nothing is to be done


def all_channels() -> QuerySet[Channel]:
    """Channels that are not given up, by name."""
    return Channel.objects.exclude(state=ChannelState.DISCONNECTED).select_related("grant")


def active_channels() -> QuerySet[Channel]:
    """Channels that publish now, by name."""
    return Channel.objects.filter(state=ChannelState.ACTIVE).select_related("grant")


def channels_by_id(ids: list[UUID]) -> dict[UUID, Channel]:
    """These channels that are not given up."""
    return {channel.pk: channel for channel in all_channels().filter(pk__in=ids)}


def find_channel(channel_id: UUID) -> Channel:
    """One channel, whatever its state. Raises Channel.DoesNotExist."""
    return Channel.objects.select_related("grant").get(pk=channel_id)


def abilities_of(channel: Channel) -> Abilities:
    """What the channel's account could do when its network was asked last."""
    return Abilities.from_json(channel.abilities)


def connector_of(channel: Channel) -> Any:
    """The connector of the channel's network. Raises ChannelUnusable for a network that is not known here."""
    try:
        return registry.get(channel.network)
    except KeyError as error:
        raise ChannelUnusable(channel.network) from error


def account_of(channel: Channel) -> Account:
    """The account with its token, for a request to the network. Raises ChannelUnusable without a grant."""
    if channel.grant is None or not channel.grant.access_token:
        raise ChannelUnusable(channel.name)
    return Account(
        network=channel.network,
        base_url=channel.base_url,
        token=str(channel.grant.access_token),
        remote_id=channel.remote_id,
        handle=channel.handle,
        mechanism=abilities_of(channel).mechanism,
    )


def network_for(channel: Channel) -> tuple[Publisher, Account]:
    """The publisher and the account of a channel. Raises ChannelUnusable when either is missing."""
    connector = connector_of(channel)
    if not isinstance(connector, Publisher):
        raise ChannelUnusable(channel.network)
    return connector, account_of(channel)


def editor_for(channel: Channel) -> tuple[Editor, Account] | None:
    """The editor and the account of a channel; None where the network changes nothing afterwards.

    Raises ChannelUnusable without a grant.
    """
    connector = connector_of(channel)
    return (connector, account_of(channel)) if isinstance(connector, Editor) else None


def _known_connector(channel: Channel) -> Any:
    """The connector, or None for a network that this version does not know: such a channel can do nothing."""
    try:
        return connector_of(channel)
    except ChannelUnusable:
        return None


def talents_of(channel: Channel) -> Talents:
    """What the channel can do, from its connector and its account's abilities."""
    connector, abilities = _known_connector(channel), abilities_of(channel)
    edits = isinstance(connector, Editor)
    return Talents(
        publishes=isinstance(connector, Publisher),
        edits=edits and abilities.can_edit,
        withdraws=edits and abilities.can_withdraw,
        listens=isinstance(connector, Receiver),
        replies=connector is not None and abilities.can_reply,
        measures=isinstance(connector, Measurer) and abilities.can_measure,
    )


def channel_card(channel: Channel) -> ChannelCard:
    """Everything that a page shows of a channel."""
    advice = what_to_do(channel.pause_reason) if channel.state == ChannelState.PAUSED else ""
    return ChannelCard(channel, talents_of(channel), abilities_of(channel), advice)


def channel_cards() -> list[ChannelCard]:
    """The cards of all channels that are not given up, by name."""
    return [channel_card(channel) for channel in all_channels()]
