"""Where a network's id of a person means the same person: on one server, or on all of the network."""

from __future__ import annotations

from django.db.models import QuerySet

from etalage.channels.models import Channel
from etalage.networks import registry
from etalage.networks.base import Worldwide


def realm_of(channel: Channel) -> str:
    """The server within which the ids that a channel hears of mean the same people; "" for the whole network."""
    return realm_at(channel.network, channel.base_url)


def realm_at(network: str, base_url: str) -> str:
    """The same for the ids that are given out on one server."""
    connector = registry.find(network)
    return "" if isinstance(connector, Worldwide) and connector.ids_are_global else base_url


def channels_in(network: str, realm: str) -> QuerySet[Channel]:
    """The channels that hear of the same people by the same ids."""
    channels = Channel.objects.filter(network=network)
    return channels.filter(base_url=realm) if realm else channels
