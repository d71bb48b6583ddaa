"""Tokens that end: renewed under a lock, before they end or once a network said that they are dead.

The lock is a short lease on the grant's row (`renewing_until`, on the jobs' lease clock, which does not jump), taken
and given back by compare-and-swap, because a database transaction must not stay open while a network thinks. The answer
is stored only where `version` is still the one that was read, and before anything uses it. What could not be renewed is
tried again after a wait that grows (`renew_at`), whoever needs it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from etalage.channels.asking import safely
from etalage.channels.models import Channel, Grant
from etalage.channels.patience import growing_wait, wished_wait
from etalage.jobs import leaseclock
from etalage.jobs.execute import patiently
from etalage.jobs.leaseclock import LeaseNow, clock_name
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Account, ChannelRefused, CouldNotRead, Reason, Renewer, Tokens

EARLY = timedelta(minutes=2)  # a token that ends so soon is not used any more
SHARE = 5  # a job renews in the last fifth of a token's life
LEASE = timedelta(minutes=2)
STOOD_STILL_S = 50.0  # between lease and request; a connector waits for its network for a minute at most
PATIENCE_S = 20.0
JUST_NOW = timedelta(minutes=1)
#: What a person has to mend. Only of a dead access it is known that no renewal will work any more.
FOR_PEOPLE = frozenset({Reason.AUTH_DEAD, Reason.PERMISSION_MISSING, Reason.NEEDS_HUMAN_AT_NETWORK})


class ChannelUnusable(Exception):
    """Nothing can be asked of this channel: its grant is gone or its network is not known here."""


@dataclass(frozen=True)
class Renewal:
    """The grant as it is stored now. `refused`: the network will not renew it before a person mends it."""

    grant: Grant
    renewed: bool = False
    refused: Reason | None = None


def times_of(tokens: Tokens) -> dict[str, datetime | None]:
    """When these tokens, given just now, end and are to be renewed."""
    now = clock.now()
    if tokens.expires_at is None:
        return {"expires_at": None, "renew_at": None}
    early = max((tokens.expires_at - now) / SHARE, EARLY)
    return {"expires_at": tokens.expires_at, "renew_at": tokens.expires_at - early}


def facts_of(tokens: Tokens) -> dict[str, Any]:
    """What is stored of new tokens. An empty refresh token, or memory, never overwrites a stored one."""
    facts: dict[str, Any] = {
        "access_token": tokens.access,
        **times_of(tokens),
        "renewed_at": clock.now(),
        "renewing_until": None,
        "refused_at": None,
        "failures": 0,
        "failed_at": None,
        "problem": "",
    }
    if tokens.refresh:
        facts["refresh_token"] = tokens.refresh
    if tokens.memory:
        facts["memory"] = tokens.memory
    if tokens.scopes:
        facts["scopes"] = list(tokens.scopes)
    return facts


def usable(channel: Channel) -> Grant:
    """The channel's grant, renewed first where its token ends. Raises ChannelUnusable when there is no way.

    While the network cannot be reached the old token is given: the network itself says whether it still counts.
    """
    grant = channel.grant
    if grant is None or not grant.access_token:
        raise ChannelUnusable(channel.name)
    if grant.expires_at is None or clock.now() + EARLY < grant.expires_at:
        return grant
    renewal = renew(grant)
    if renewal.refused:
        raise ChannelUnusable(channel.name)
    channel.grant = renewal.grant
    return renewal.grant


def version_of(channel: Channel) -> int | None:
    """Version of the grant with which the channel's network is asked now; None without one."""
    return channel.grant.version if channel.grant else None


def can_renew(grant: Grant) -> bool:
    """Whether renewing may help: its network renews, there is what it takes, and it was not refused."""
    return (
        bool(grant.refresh_token)
        and grant.refused_at is None
        and isinstance(registry.find(grant.network), Renewer)
    )


def is_worth_another_try(grant: Grant) -> bool:
    """Whether a dead access may be mended by renewing: not when it was renewed only just now."""
    fresh = grant.renewed_at is not None and clock.now() - grant.renewed_at < JUST_NOW
    return can_renew(grant) and not fresh


def renew(grant: Grant, *, is_dead: bool = False) -> Renewal:
    """Renew the tokens of this grant, unless somebody else does or did, or failed only just now.

    A network out of reach changes nothing.

    `is_dead`: the network has just refused the token, although it may not have ended by the clock.
    """
    connector = registry.find(grant.network)
    channel = Channel.objects.filter(grant=grant).order_by("pk").first()
    if channel is None or not isinstance(connector, Renewer) or not grant.refresh_token:
        return Renewal(grant)
    if grant.refused_at is not None:
        return Renewal(grant, refused=Reason.AUTH_DEAD)
    begun = leaseclock.seconds()  # before the statement: the lease ends no sooner
    until = _lock(grant)
    if until is None:
        return _of_somebody_else(grant, is_dead)
    account = account_by(grant, channel)
    stood_still = leaseclock.seconds() - begun
    if stood_still > STOOD_STILL_S:
        # For longer than it may: another may soon renew. Nothing was sent. Beyond its length, the lease that was read
        # may be another's.
        if stood_still < LEASE.total_seconds():
            _held(grant, until).update(renewing_until=None)
        return Renewal(_again(grant))
    answer = safely(grant.network, lambda: connector.renew(account, str(grant.refresh_token)))
    # A refresh token may serve only once: new tokens must not go because the database is away for a moment.
    return patiently(partial(_stored, grant, until, answer))


def account_by(grant: Grant, channel: Channel) -> Account:
    """The account of a channel as this grant opens it, also one that the channel has given up."""
    return Account(
        network=grant.network,
        base_url=grant.base_url,
        token=str(grant.access_token),
        remote_id=channel.remote_id,
        handle=channel.handle,
        memory=str(grant.memory),
    )


@transaction.atomic  # on SQLite what time it is is asked once the file is ours, however long that took
def _lock(grant: Grant) -> int | None:
    """Take the lease on this version of the grant; its end in ms of the lease clock, None where it cannot be had."""
    ms = LEASE // timedelta(milliseconds=1)
    # A lease further ahead than its own length is of an earlier start of the machine, where starts have no name.
    too_far = Q(renewing_until__gt=LeaseNow() + ms + 1000)
    over = ~Q(renewing_clock=clock_name()) | Q(renewing_until__lte=LeaseNow()) | too_far
    may_ask = Q(failed_at=None) | Q(renew_at__lte=clock.now())
    same = Grant.objects.filter(pk=grant.pk, version=grant.version)
    free = same.filter(Q(renewing_until=None) | over, may_ask)
    if not free.update(renewing_until=LeaseNow() + ms, renewing_clock=clock_name()):
        return None
    return same.values_list("renewing_until", flat=True).first()


def _held(grant: Grant, until: int) -> QuerySet[Grant]:
    """The grant's row while the lease is still ours."""
    return Grant.objects.filter(pk=grant.pk, version=grant.version, renewing_until=until)


def _stored(grant: Grant, until: int, answer: Tokens | CouldNotRead | ChannelRefused) -> Renewal:
    """Write down what the network said, where nobody changed the grant meanwhile."""
    if isinstance(answer, Tokens) and answer.access:
        same = Grant.objects.filter(pk=grant.pk, version=grant.version)
        same.update(version=F("version") + 1, **facts_of(answer))
        current = _again(grant)
        return Renewal(current, renewed=current.version != grant.version)  # by us, or by who was faster
    if isinstance(answer, Tokens):
        answer = CouldNotRead(Reason.NONSENSE_ANSWER)
    now, is_dead = clock.now(), answer.reason is Reason.AUTH_DEAD and isinstance(answer, ChannelRefused)
    facts: dict[str, Any] = {"renewing_until": None, "problem": answer.reason}
    if is_dead:
        facts["refused_at"] = now
    else:
        wished = wished_wait(answer) if isinstance(answer, CouldNotRead) else timedelta()
        wait = max(growing_wait(grant.failures), wished)
        facts |= {"failures": grant.failures + 1, "failed_at": now, "renew_at": now + wait}
    # Who lost the race was answered for a token that somebody else has already replaced.
    stored = _held(grant, until).update(**facts)
    is_refused = isinstance(answer, ChannelRefused) and answer.reason in FOR_PEOPLE and stored
    return Renewal(_again(grant), refused=answer.reason if is_refused else None)


def let_try_again(channel: Channel) -> None:
    """A person says that it is mended: renewing it is not put off any longer."""
    failed = Grant.objects.filter(channels=channel).exclude(failed_at=None)
    failed.update(failures=0, failed_at=None, renew_at=clock.now())


def _of_somebody_else(grant: Grant, is_dead: bool) -> Renewal:
    """What another worker makes of it; waited for only when the token is of no use any more."""
    deadline = clock.elapsed() + PATIENCE_S
    while True:
        now, current = clock.now(), _again(grant)
        if current.version != grant.version or current.renewing_until is None:
            refused = Reason.AUTH_DEAD if current.refused_at else None
            return Renewal(current, renewed=current.version != grant.version, refused=refused)
        still_good = not is_dead and current.expires_at is not None and now < current.expires_at
        if still_good or clock.elapsed() > deadline:
            return Renewal(current)
        time.sleep(0.05)


def _again(grant: Grant) -> Grant:
    """The grant as it is stored now. Raises ChannelUnusable when the channel was given up meanwhile."""
    found = Grant.objects.filter(pk=grant.pk).first()
    if found is None:
        raise ChannelUnusable(grant.network)
    return found
