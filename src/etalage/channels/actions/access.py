"""Asking a network with an access that may have died: renewed once, then asked once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from etalage.channels import grants
from etalage.channels.actions.standing import keep_quiet, pause_channel
from etalage.channels.asking import safely
from etalage.channels.models import Channel, ChannelState
from etalage.channels.patience import LONGEST_QUIET, SHORTEST_WAIT, growing_wait, wished_wait
from etalage.channels.queries import ChannelUnusable, account_of, connector_of, find_channel
from etalage.kit import clock
from etalage.networks.base import Abilities, Account, ChannelRefused, CouldNotRead, Publisher, Reason

A = TypeVar("A")

REFUSED_WAIT = timedelta(hours=1)  # a missing permission comes back only when a person grants it


def asked(channel: Channel, call: Callable[[Account], A]) -> A | CouldNotRead | ChannelRefused:
    """The network's answer to something that changes nothing. Raises ChannelUnusable without an access."""
    answer = _safely(channel, call)
    dead = isinstance(answer, ChannelRefused) and answer.reason is Reason.AUTH_DEAD
    if not dead or channel.grant is None or not grants.is_worth_another_try(channel.grant):
        return answer
    renewal = grants.renew(channel.grant, is_dead=True)
    if renewal.refused:
        raise ChannelUnusable(channel.name)
    if not renewal.renewed:
        return CouldNotRead(Reason(renewal.grant.problem or Reason.UNREACHABLE))
    channel.grant = renewal.grant
    return _safely(channel, call)


def _safely(channel: Channel, call: Callable[[Account], A]) -> A | CouldNotRead:
    account = account_of(channel)
    return safely(channel.network, lambda: call(account))


def wait_after(answer: CouldNotRead | ChannelRefused, channel: Channel, failures: int) -> timedelta:
    """How long to ask nothing more: growing, with some chance in it, and as long as the network wished.

    A dead access pauses the channel; a missing permission to read leaves what it publishes alone.
    """
    if isinstance(answer, ChannelRefused):
        if answer.reason is Reason.AUTH_DEAD:
            pause_channel(channel.pk, answer.reason, actor=None, version=grants.version_of(channel))
            return SHORTEST_WAIT
        return REFUSED_WAIT
    wished = wished_wait(answer)
    if wished and answer.reason is Reason.RATE_LIMITED:
        keep_quiet(channel.pk, clock.now() + min(wished, LONGEST_QUIET))
    return max(growing_wait(failures), wished)


def renew_grant(channel_id: UUID) -> None:
    """Renew an access that ends soon, ended already or was said to be dead; a refused one pauses its channels."""
    channel = Channel.objects.filter(pk=channel_id).select_related("grant").first()
    if channel is None or channel.grant is None or channel.grant.renew_at is None:
        return
    if channel.grant.renew_at > clock.now():
        return
    renewal = grants.renew(channel.grant)
    if renewal.refused:
        for other in Channel.objects.filter(grant=channel.grant, state=ChannelState.ACTIVE):
            pause_channel(other.pk, renewal.refused, actor=None, version=renewal.grant.version)


def refresh_abilities(channel_id: UUID) -> None:
    """Ask the network anew what the account can do; a refused account pauses, an unreachable network waits."""
    channel = find_channel(channel_id)
    if channel.state != ChannelState.ACTIVE:
        return
    try:
        connector = connector_of(channel)
        answer = asked(channel, connector.abilities) if isinstance(connector, Publisher) else None
    except ChannelUnusable:
        answer = ChannelRefused(Reason.AUTH_DEAD)
    if isinstance(answer, ChannelRefused):
        pause_channel(channel_id, answer.reason, actor=None, version=grants.version_of(channel))
    elif isinstance(answer, Abilities):
        Channel.objects.filter(pk=channel_id).update(abilities=answer.to_json(), abilities_at=clock.now())
