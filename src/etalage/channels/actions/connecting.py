"""An account becomes a channel: by what a person typed, or by what its owner agreed to at the network."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.channels import grants
from etalage.channels.actions.listening import SUBSCRIBE
from etalage.channels.actions.rights import known_language, managers_only
from etalage.channels.actions.standing import LEAVE
from etalage.channels.addresses import judged
from etalage.channels.asking import safely
from etalage.channels.events import ChannelResumed
from etalage.channels.models import Channel, ChannelState, Grant, Listening
from etalage.channels.realms import channels_in, realm_at
from etalage.channels.reasons import refusal_for
from etalage.jobs import enqueue_once
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.secrets import UnreadableSecret
from etalage.networks import registry
from etalage.networks.base import (
    Account,
    ChannelRefused,
    Connected,
    Connector,
    CouldNotRead,
    NotAccepted,
    Subscriber,
    Tokens,
)


def connect_channel(
    network: str, base_url: str, token: str, *, actor: Member, handle: str = "", language: str = "en"
) -> Channel:
    """Verify the account at its network and keep it as a channel; the same account again mends its grant.

    Raises Refusal when the network is not known here, refuses the account, or cannot be reached.
    """
    managers_only(actor)
    known_language(language)
    connector = connector_named(network)
    if not isinstance(connector, Connector):
        raise unknown_network()
    address = judged(network, base_url)
    answer = safely(network, lambda: connector.connect(address, handle.strip(), token.strip()))
    return keep(answer, network, language, actor)


def connector_named(network: str) -> Any:
    """The connector of a network. Raises Refusal for one that is not known here."""
    if network not in registry.names():
        raise unknown_network()
    return registry.get(network)


def unknown_network() -> Refusal:
    """The refusal for a network that this version cannot connect in that way."""
    return Refusal(_("This network is not known here. Choose one from the list."), code="network_unknown")


def keep(
    answer: Connected | ChannelRefused | NotAccepted | CouldNotRead,
    network: str,
    language: str,
    actor: Member,
) -> Channel:
    """Keep a verified account as a channel, or raise Refusal with the network's reason."""
    if not isinstance(answer, Connected):
        raise refusal_for(answer.reason, answer.detail)
    if answer.account.network != network or not answer.account.remote_id:
        raise ValueError(f"the connector of {network} answered for another account")
    with transaction.atomic():
        return _kept(answer, language, actor)


def _kept(connected: Connected, language: str, actor: Member) -> Channel:
    account = connected.account
    facts = {
        "base_url": account.base_url,
        "handle": account.handle,
        "profile_url": _web_page(connected.profile_url),
        "abilities": connected.abilities.to_json(),
        "abilities_at": clock.now(),
        "state": ChannelState.ACTIVE,
        "pause_reason": "",
        "quiet_until": None,
    }
    channel, made = Channel.objects.update_or_create(
        network=account.network,
        base_url=_known_at(account),
        remote_id=account.remote_id,
        defaults=facts,
        create_defaults={**facts, "name": (connected.name or account.handle)[:120], "language": language},
    )
    _mend_grant(channel, connected)
    _listen(channel)
    record(actor, "channel.connected" if made else "channel.reconnected", channel)
    announce(ChannelResumed(channel.pk))
    tell("channels")
    return channel


def _known_at(account: Account) -> str:
    """The server at which we know the account: an earlier one, where it moved and its id went along."""
    channels = channels_in(account.network, realm_at(account.network, account.base_url))
    known = channels.filter(remote_id=account.remote_id).order_by("created_at")
    places = list(known.values_list("base_url", flat=True))
    return account.base_url if account.base_url in places or not places else places[0]


def _web_page(url: str) -> str:
    """The address of a page that a link may lead to, else nothing."""
    return url if url.startswith(("https://", "http://")) and len(url) <= 500 else ""


def _mend_grant(channel: Channel, connected: Connected) -> None:
    """Put the new tokens into the channel's grant, so that other channels on the same grant are mended too."""
    account = connected.account
    tokens = connected.tokens or Tokens(account.token)
    # What belonged to the tokens before them goes, although a renewal leaves it.
    facts = grants.facts_of(tokens) | {"memory": tokens.memory, "left_at": None}
    facts["base_url"] = account.base_url
    kept = Grant.objects.filter(channels=channel)
    with suppress(UnreadableSecret):  # what no key opens any more cannot be given back
        before = kept.select_for_update(of=("self",)).first()
        if before is not None and str(before.access_token) != tokens.access:
            _give_back(before, channel)
    # Any version: a person has just proved the account, which a renewal under way cannot know.
    if kept.update(version=F("version") + 1, **facts):
        return
    channel.grant = Grant.objects.create(network=account.network, **facts)
    channel.save(update_fields=["grant"])


def _give_back(grant: Grant, channel: Channel) -> None:
    """Have the network forget the tokens that others take the place of: some live on for ever."""
    kept = ("network", "base_url", "access_token", "refresh_token", "memory", "scopes", "expires_at")
    facts = {name: getattr(grant, name) for name in kept}
    left = Grant.objects.create(**facts, left_at=clock.now())
    enqueue_once(LEAVE, f"{channel.pk}:{left.pk}", channel.pk, left.pk)


def _listen(channel: Channel) -> None:
    """Begin to hear what people do there, at once, and anew where reading had come to nothing."""
    now = clock.now()
    fresh = {"due_at": now, "due_set_at": now, "failures": 0, "problem": ""}
    fresh |= {"measure_due_at": now, "measure_set_at": now, "measure_failures": 0, "measure_problem": ""}
    Listening.objects.update_or_create(channel=channel, defaults=fresh)
    if isinstance(connector_named(channel.network), Subscriber):
        enqueue_once(SUBSCRIBE, str(channel.pk), channel.pk)
