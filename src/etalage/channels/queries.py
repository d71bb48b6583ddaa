"""Reads about the shop's channels, and the way from a channel to its network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from string import hexdigits
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from etalage.channels import grants
from etalage.channels.grants import ChannelUnusable
from etalage.channels.introductions import is_known_elsewhere
from etalage.channels.items import is_polled, key_of
from etalage.channels.models import Channel, ChannelState, Figure, Grant, Incoming, IncomingKind, Listening
from etalage.channels.posts import Shown, posts_shown
from etalage.channels.reasons import what_to_do, why_not_taken_in
from etalage.edge.journal import Journal, Waiting
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import (
    Abilities,
    Account,
    Editor,
    Measurer,
    Publisher,
    Reason,
    Receiver,
    Subscriber,
)

__all__ = [
    "ChannelCard",
    "ChannelUnusable",
    "Ear",
    "Heard",
    "Letter",
    "Talents",
    "abilities_of",
    "account_of",
    "active_channels",
    "all_channels",
    "as_heard",
    "channel_card",
    "channel_cards",
    "channels_by_id",
    "connector_of",
    "dead_letter",
    "dead_letter_count",
    "dead_letters",
    "editor_for",
    "find_channel",
    "grants_to_renew",
    "hook_address",
    "is_told",
    "journal",
    "last_heard",
    "latest_figures",
    "left_channels",
    "network_for",
    "talents_of",
]


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
    ear: Ear


@dataclass(frozen=True)
class Ear:
    """Whether listening and measuring work: when the network was last heard, and what is in the way (a sentence)."""

    heard_at: datetime | None
    is_told: bool  # the network tells us at once, beside our asking
    problem: object
    measured_at: datetime | None
    measure_problem: object
    grant_problem: object


@dataclass(frozen=True)
class Heard:
    """One incoming thing as the channel's page lists it; `shown` is the post that it belongs to, where we know it."""

    incoming: Incoming
    shown: Shown | None


@dataclass(frozen=True)
class Letter:
    """A delivery that could not be taken in, as a page shows it: never its words, which are somebody's."""

    id: str
    network: str
    channel: Channel | None
    came_at: datetime
    was_asked_for: bool  # by us; else the network told us by itself
    attempts: int
    why: object  # a sentence

    @property
    def called(self) -> str:
        """The channel's name; the network's where the channel is not here."""
        return self.channel.name if self.channel else self.network.title()

    @classmethod
    def of(cls, waiting: Waiting, channel: Channel | None) -> Letter:
        """The page's view of it."""
        came_at, why = clock.from_micros(waiting.received_us), why_not_taken_in(waiting.reason)
        asked = is_polled(waiting)
        return cls(waiting.id, waiting.network, channel, came_at, asked, waiting.attempts, why)


def all_channels() -> QuerySet[Channel]:
    """Channels that are not given up, by name."""
    return Channel.objects.exclude(state=ChannelState.DISCONNECTED).select_related("grant")


def left_channels() -> list[Channel]:
    """Channels that were given up and on which people spoke to the shop, by name: that is still kept."""
    spoken = Incoming.objects.filter(channel=OuterRef("pk"), erased_at=None).exclude(author_id="")
    return list(Channel.objects.filter(Exists(spoken), state=ChannelState.DISCONNECTED))


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
    connector = registry.find(channel.network)
    if connector is None:
        raise ChannelUnusable(channel.network)
    return connector


def account_of(channel: Channel) -> Account:
    """The account with a token that is good now, for a request to the network: ask just before it is sent.

    A token that ends is renewed first. Raises ChannelUnusable without a grant, and where it cannot be renewed any more.
    """
    grant = grants.usable(channel)
    return Account(
        network=channel.network,
        base_url=channel.base_url,
        token=str(grant.access_token),
        remote_id=channel.remote_id,
        handle=channel.handle,
        mechanism=abilities_of(channel).mechanism,
        memory=str(grant.memory),
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


def talents_of(channel: Channel) -> Talents:
    """What the channel can do, from its connector and its account's abilities."""
    connector, abilities = registry.find(channel.network), abilities_of(channel)
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
    return ChannelCard(channel, talents_of(channel), abilities_of(channel), advice, _ear_of(channel))


def channel_cards() -> list[ChannelCard]:
    """The cards of all channels that are not given up, by name."""
    return [channel_card(channel) for channel in all_channels().select_related("listening")]


def _ear_of(channel: Channel) -> Ear:
    listening = getattr(channel, "listening", None) or Listening(channel=channel)
    heard = [moment for moment in (listening.read_at, listening.pushed_at) if moment]
    return Ear(
        heard_at=max(heard, default=None),
        is_told=is_told(channel, listening) and isinstance(registry.find(channel.network), Subscriber),
        problem=what_to_do(listening.problem),
        measured_at=listening.measured_at,
        measure_problem=what_to_do(listening.measure_problem),
        grant_problem=_grant_problem(channel.grant) if channel.grant else "",
    )


def _grant_problem(grant: Grant) -> object:
    """Why the access cannot be renewed, also where that is known before it is tried."""
    return what_to_do(Reason.AUTH_DEAD if is_known_elsewhere(grant) else grant.problem)


def hook_address(channel: Channel) -> str:
    """Where the channel's network delivers to."""
    return f"{settings.PUBLIC_ADDRESS}/hooks/{channel.network}/{key_of(channel)}"


def is_told(channel: Channel, listening: Listening) -> bool:
    """Whether the network tells us at once, at the address that we have now."""
    return listening.push_since is not None and listening.push_address == hook_address(channel)


def last_heard(channel: Channel, limit: int = 20) -> list[Heard]:
    """The newest things that came in on a channel, without those that were taken away or erased."""
    rows = Incoming.objects.filter(channel=channel, removed_at=None, erased_at=None)
    rows = rows.exclude(kind=IncomingKind.REMOVED).order_by("-at", "-pk")
    return as_heard(channel, list(rows[:limit]))


def as_heard(channel: Channel, rows: list[Incoming]) -> list[Heard]:
    """These things with those posts of ours on the channel that they belong to."""
    shown = posts_shown(channel.pk, {row.on_remote_id for row in rows if row.on_remote_id})
    return [Heard(row, shown.get(row.on_remote_id)) for row in rows]


def dead_letters(limit: int = 50) -> list[Letter]:
    """What came in and could not be taken in, newest first."""
    found = journal().dead(limit)
    channels = {channel.pk.hex: channel for channel in Channel.objects.filter(pk__in=_uuids(found))}
    return [Letter.of(waiting, channels.get(waiting.key)) for waiting in found]


def dead_letter(letter: str) -> Letter | None:
    """One of them; None when it is not among them any more."""
    found = journal().find_dead(letter)
    if found is None:
        return None
    return Letter.of(found, Channel.objects.filter(pk__in=_uuids([found])).first())


def dead_letter_count() -> int:
    """How many there are."""
    return journal().dead_count()


def journal() -> Journal:
    """The edge's journal of this installation."""
    return Journal(settings.DATA / "journal.sqlite3")


def _uuids(letters: Iterable[Waiting]) -> set[UUID]:
    """The channels' ids out of the journal's keys."""
    return {UUID(hex=one.key) for one in letters if len(one.key) == 32 and set(one.key) <= set(hexdigits)}


def grants_to_renew(now: datetime) -> list[UUID]:
    """A channel for each grant whose tokens are to be renewed now; the network's wish for quiet is respected."""
    open_now = Q(quiet_until=None) | Q(quiet_until__lte=now)
    due = Channel.objects.filter(open_now, grant__renew_at__lte=now, grant__refused_at=None)
    due = due.exclude(grant__refresh_token__isnull=True).exclude(state=ChannelState.DISCONNECTED)
    by_grant = {grant: channel for channel, grant in due.order_by("-pk").values_list("pk", "grant")}
    return list(by_grant.values())


def latest_figures(channel_id: UUID, remote_id: str) -> dict[str, Figure]:
    """The last figure of each name for one publication; a name that was never asked for is missing."""
    rows = Figure.objects.filter(channel_id=channel_id, remote_id=remote_id).order_by("taken_at", "pk")
    return {row.name: row for row in rows}
