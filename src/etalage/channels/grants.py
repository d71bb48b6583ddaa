"""Tokens that end: renewed under a lock, before they end or once a network said that they are dead.

The lock is a short lease on the grant's row (`renewing_until`), taken and given back by compare-and-swap, because a
database transaction must not stay open while a network thinks. The answer is stored only where `version` is still the
one that was read, and before anything uses it.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import F, Q

from etalage.channels.models import Channel, Grant
from etalage.jobs.execute import patiently
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Account, ChannelRefused, CouldNotRead, Reason, Renewer, Tokens

log = logging.getLogger(__name__)

EARLY = timedelta(minutes=2)  # a token that ends so soon is not used any more
SHARE = 5  # a job renews in the last fifth of a token's life
LEASE = timedelta(minutes=2)  # longer than any connector waits for its network
PATIENCE_S = 20.0
JUST_NOW = timedelta(minutes=1)
DEAD = frozenset({Reason.AUTH_DEAD, Reason.PERMISSION_MISSING, Reason.NEEDS_HUMAN_AT_NETWORK})


class ChannelUnusable(Exception):
    """Nothing can be asked of this channel: its grant is gone or its network is not known here."""


@dataclass(frozen=True)
class Renewal:
    """The grant as it is stored now. `refused`: the network will not renew it, a person must connect again."""

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


def can_renew(grant: Grant) -> bool:
    """Whether renewing may help: its network renews, there is what it takes, and it was not refused."""
    return (
        bool(grant.refresh_token)
        and grant.refused_at is None
        and isinstance(_connector(grant.network), Renewer)
    )


def is_worth_another_try(grant: Grant) -> bool:
    """Whether a dead access may be mended by renewing: not when it was renewed only just now."""
    fresh = grant.renewed_at is not None and clock.now() - grant.renewed_at < JUST_NOW
    return can_renew(grant) and not fresh


def renew(grant: Grant, *, is_dead: bool = False) -> Renewal:
    """Renew the tokens of this grant, unless somebody else does or did; a network out of reach changes nothing.

    `is_dead`: the network has just refused the token, although it may not have ended by the clock.
    """
    connector = _connector(grant.network)
    channel = Channel.objects.filter(grant=grant).order_by("pk").first()
    if channel is None or not isinstance(connector, Renewer) or not grant.refresh_token:
        return Renewal(grant)
    if grant.refused_at is not None:
        return Renewal(grant, refused=Reason.AUTH_DEAD)
    if not _lock(grant):
        return _of_somebody_else(grant, is_dead)
    account = account_by(grant, channel)
    try:
        answer = connector.renew(account, str(grant.refresh_token))
    except Exception as error:
        log.exception("the connector of %s broke while renewing", grant.network)
        answer = CouldNotRead(Reason.UNKNOWN, detail=type(error).__name__)
    # A refresh token may serve only once: new tokens must not go because the database is away for a moment.
    return patiently(partial(_stored, grant, answer))


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


def _lock(grant: Grant) -> bool:
    """Take the lease on this version of the grant."""
    now = clock.now()
    free = Grant.objects.filter(Q(renewing_until=None) | Q(renewing_until__lte=now))
    return bool(free.filter(pk=grant.pk, version=grant.version).update(renewing_until=now + LEASE))


def _stored(grant: Grant, answer: Tokens | CouldNotRead | ChannelRefused) -> Renewal:
    """Write down what the network said, where nobody changed the grant meanwhile."""
    same = Grant.objects.filter(pk=grant.pk, version=grant.version)
    if isinstance(answer, Tokens) and answer.access:
        same.update(version=F("version") + 1, **facts_of(answer))
        current = _again(grant)
        return Renewal(current, renewed=current.version != grant.version)  # by us, or by who was faster
    reason = Reason.NONSENSE_ANSWER if isinstance(answer, Tokens) else answer.reason
    is_dead = isinstance(answer, ChannelRefused) and reason in DEAD
    refused_at = clock.now() if is_dead else None
    stored = same.update(renewing_until=None, problem=reason, refused_at=refused_at)
    # Who lost the race was answered for a token that somebody else has already replaced.
    return Renewal(_again(grant), refused=reason if is_dead and stored else None)


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


def _connector(network: str) -> Any:
    """The connector, None for a network that this version does not know."""
    return registry.get(network) if network in registry.names() else None
