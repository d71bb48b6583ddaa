"""A channel's standing: paused, resumed, given up, named; what its network said of it last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import overload
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.channels import grants
from etalage.channels.actions.rights import known_language, managers_only
from etalage.channels.asking import safely
from etalage.channels.events import ChannelDisconnected, ChannelPaused, ChannelResumed
from etalage.channels.models import Channel, ChannelState, Grant, Listening
from etalage.channels.patience import LONGEST_QUIET
from etalage.channels.queries import ChannelUnusable, connector_of, find_channel, network_for
from etalage.channels.reasons import refusal_for
from etalage.jobs import enqueue_once
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.networks.base import Abilities, Reason

RENEWED_SOON = timedelta(seconds=2)
RENEWED_LATER = timedelta(minutes=1)
LEAVE = "etalage.channels.tasks.leave"


@overload
def pause_channel(channel_id: UUID, reason: str = "", *, actor: Member) -> Channel:
    """By a person."""


@overload
def pause_channel(channel_id: UUID, reason: str, *, actor: None, version: int | None) -> Channel:
    """By Etalage itself, which must say what it asked with."""


@transaction.atomic
def pause_channel(
    channel_id: UUID, reason: str = "", *, actor: Member | None, version: int | None = None
) -> Channel:
    """Hold the channel's publications back. `reason` is a `networks.base.Reason`, empty when a person pauses it.

    Pausing a paused channel again changes nothing. `actor` None: Etalage itself, because the network refused it.
    A dead access that may be renewed is given one renewal first: until then the channel only keeps quiet. `version` is
    that of the grant with which the network was asked (`grants.version_of`, None where there was none): what it said of
    an older one says nothing of today's.
    """
    if actor:
        managers_only(actor)
    _lock(channel_id)
    if not actor and _is_passing(channel_id, reason, version):
        return find_channel(channel_id)
    active = Channel.objects.filter(pk=channel_id, state=ChannelState.ACTIVE)
    if active.update(state=ChannelState.PAUSED, pause_reason=reason):
        channel = find_channel(channel_id)
        record(actor, "channel.paused", channel, reason=reason)
        announce(ChannelPaused(channel_id, reason))
        tell("channels")
        tell("posts")
        return channel
    return find_channel(channel_id)


def _lock(channel_id: UUID) -> None:
    """Nobody connects it anew between what is read of it here and what is written."""
    Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()


def _is_passing(channel_id: UUID, reason: str, version: int | None) -> bool:
    """Whether what the network said was of an older access, or of one that is renewed first."""
    return _is_stale(channel_id, version) or (reason == Reason.AUTH_DEAD and _renews_first(channel_id))


def _is_stale(channel_id: UUID, version: int | None) -> bool:
    """Whether the grant is another one by now than the network was asked with; then it is soon asked again."""
    current = grants.version_of(find_channel(channel_id))
    if current in (None, version):
        return False
    keep_quiet(channel_id, clock.now() + RENEWED_SOON)
    return True


def _renews_first(channel_id: UUID) -> bool:
    """Mark a dead access as ended, so that whoever needs it next renews it; False where that cannot help."""
    channel = find_channel(channel_id)
    if channel.grant is None or not grants.is_worth_another_try(channel.grant):
        return False
    now = clock.now()
    same = Grant.objects.filter(pk=channel.grant.pk, version=channel.grant.version)
    same.update(expires_at=now)
    same.filter(failed_at=None).update(renew_at=now)  # else it is tried again when its wait is over
    wait = RENEWED_SOON
    if channel.grant.failed_at is not None and channel.grant.renew_at is not None:
        wait = min(max(channel.grant.renew_at - now, RENEWED_LATER), LONGEST_QUIET)
    keep_quiet(channel_id, now + wait)
    return True


def resume_channel(channel_id: UUID, *, actor: Member) -> Channel:
    """Let the channel publish again, after asking its network whether the account is in order.

    Raises Refusal when it is not, or when the network cannot be reached.
    """
    managers_only(actor)
    channel = find_channel(channel_id)
    if channel.state == ChannelState.DISCONNECTED:
        raise Refusal(_("This channel was disconnected. Connect it again."), code="channel_gone", status=409)
    grants.let_try_again(channel)
    abilities = _asked(find_channel(channel_id))
    with transaction.atomic():
        paused = Channel.objects.filter(pk=channel_id, state=ChannelState.PAUSED)
        resumed = paused.update(
            state=ChannelState.ACTIVE,
            pause_reason="",
            quiet_until=None,
            abilities=abilities.to_json(),
            abilities_at=clock.now(),
        )
        if resumed:
            record(actor, "channel.resumed", channel)
            announce(ChannelResumed(channel_id))
            tell("channels")
            tell("posts")
    return find_channel(channel_id)


@transaction.atomic
def disconnect_channel(channel_id: UUID, *, actor: Member) -> Channel:
    """Give the channel up at once. What was published stays on the network and in the figures.

    A job takes leave of the network and then destroys the token, which nothing else can use any more.
    """
    managers_only(actor)
    _lock(channel_id)
    channel = find_channel(channel_id)
    left = Channel.objects.filter(pk=channel_id).exclude(state=ChannelState.DISCONNECTED)
    if left.update(state=ChannelState.DISCONNECTED, pause_reason="", grant=None):
        Listening.objects.filter(channel=channel_id).update(
            secret="", secret_before="", push_since=None, push_address="", cursor=""
        )
        if channel.grant:
            Grant.objects.filter(pk=channel.grant.pk).update(left_at=clock.now())
            enqueue_once(LEAVE, f"{channel_id}:{channel.grant.pk}", channel_id, channel.grant.pk)
        record(actor, "channel.disconnected", channel)
        announce(ChannelDisconnected(channel_id))
        tell("channels")
        tell("posts")
    return find_channel(channel_id)


@transaction.atomic
def rename_channel(channel_id: UUID, name: str, *, actor: Member) -> Channel:
    """Call the channel something else in Etalage; the network knows nothing of it."""
    managers_only(actor)
    name = name.strip()
    if not name or len(name) > 120:
        raise Refusal(_("Give a name of 1 to 120 characters."), code="name_invalid", status=422)
    return _changed(channel_id, "channel.renamed", actor, name=name)


@transaction.atomic
def set_language(channel_id: UUID, language: str, *, actor: Member) -> Channel:
    """Set the language in which new posts are written for this channel."""
    managers_only(actor)
    known_language(language)
    return _changed(channel_id, "channel.language_set", actor, language=language)


def keep_quiet(channel_id: UUID, until: datetime) -> None:
    """Ask nothing of the network for this channel before `until`: it said so."""
    later = Channel.objects.filter(Q(quiet_until=None) | Q(quiet_until__lt=until), pk=channel_id)
    later.update(quiet_until=until)


def _asked(channel: Channel) -> Abilities:
    """What the network says now. Raises Refusal when it says no, or nothing."""
    try:
        connector_of(channel)
        publisher, account = network_for(channel)
    except ChannelUnusable as error:
        raise Refusal(
            _("The access to this account is gone. Connect the channel again."), code="auth_dead", status=409
        ) from error
    answer = safely(channel.network, lambda: publisher.abilities(account))
    if not isinstance(answer, Abilities):
        raise refusal_for(answer.reason)
    return answer


def _changed(channel_id: UUID, action: str, actor: Member, **fields: str) -> Channel:
    Channel.objects.filter(pk=channel_id).update(**fields)
    channel = find_channel(channel_id)
    record(actor, action, channel, **fields)
    tell("channels")
    return channel
