"""Taking leave of a network after a channel was given up: it delivers no more, forgets our tokens, and so do we.

Nobody waits for it. The tokens are kept no longer than it takes, and never longer than `PATIENCE`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from etalage.channels.actions.access import wait_after
from etalage.channels.actions.listening import SUBSCRIBE
from etalage.channels.asking import safely
from etalage.channels.grants import account_by
from etalage.channels.models import Channel, ChannelState, Grant
from etalage.channels.queries import find_channel
from etalage.jobs import RetryAt, enqueue_once
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import (
    Account,
    ChannelRefused,
    CouldNotRead,
    Reason,
    Revoker,
    Subscriber,
    Tokens,
)

log = logging.getLogger(__name__)

PATIENCE = timedelta(days=1)  # a network that is away for longer is not waited for
SOONEST = timedelta(seconds=30)
LATEST = timedelta(hours=1)
PASSING = frozenset({Reason.UNREACHABLE, Reason.RATE_LIMITED, Reason.PLATFORM_DOWN})
Answer = CouldNotRead | ChannelRefused | None


def leave_network(channel_id: UUID, grant_id: UUID) -> None:
    """Have the network send nothing more for this channel and forget the tokens, then destroy them here.

    A channel that was connected again meanwhile keeps what is its own by now. Raises RetryAt while the network cannot
    be asked; its refusal ends the matter.
    """
    grant = Grant.objects.filter(pk=grant_id).first()
    if grant is None:
        return
    channel = find_channel(channel_id)
    answer = _unsubscribe(channel, grant)
    if answer is None and not grant.channels.exists():
        answer = _revoke(channel, grant)
    now, left_at = clock.now(), grant.left_at or grant.created_at
    if answer is not None and now < left_at + PATIENCE:
        wait = min(max(now - left_at, SOONEST), LATEST)  # each time about twice as long as before
        raise RetryAt(now + max(wait, wait_after(answer, channel, 0)), answer.reason, counted=False)
    _destroy(grant_id)


def destroy_left_grants() -> int:
    """Destroy the tokens of channels that were given up longer ago than `PATIENCE`; returns how many grants.

    For where the job that takes leave died.
    """
    before = clock.now() - PATIENCE
    left = Grant.objects.filter(channels=None, left_at__lt=before).values_list("pk", flat=True)
    return sum(_destroy(grant_id) for grant_id in list(left))


@transaction.atomic
def _destroy(grant_id: UUID) -> bool:
    """Delete the grant unless a channel stands on it."""
    grant = Grant.objects.select_for_update().filter(pk=grant_id).first()
    if grant is None or grant.channels.exists():
        return False
    grant.delete()
    return True


def _unsubscribe(channel: Channel, grant: Grant) -> CouldNotRead | None:
    """End the deliveries, unless they are those of a channel that was connected again."""
    connector = registry.find(grant.network)
    if channel.state != ChannelState.DISCONNECTED or not isinstance(connector, Subscriber):
        return None
    answer = _said(channel, grant, lambda account: connector.subscribe(account, "", ""))
    if find_channel(channel.pk).state != ChannelState.DISCONNECTED:
        # It came back while we were asking, and may have subscribed before we ended that.
        enqueue_once(SUBSCRIBE, str(channel.pk), channel.pk)
    return answer


def _revoke(channel: Channel, grant: Grant) -> CouldNotRead | None:
    """Have the tokens forgotten, unless the same were given to us again."""
    connector, now_used = registry.find(grant.network), find_channel(channel.pk).grant
    tokens = tokens_of(grant)
    is_used = now_used is not None and str(now_used.access_token) == tokens.access
    if is_used or not isinstance(connector, Revoker):
        return None
    return _said(channel, grant, lambda account: connector.revoke(account, tokens))


def tokens_of(grant: Grant) -> Tokens:
    """What the grant holds, for the network that gave it."""
    return Tokens(
        str(grant.access_token),
        str(grant.refresh_token),
        grant.expires_at,
        tuple(grant.scopes),
        str(grant.memory),
    )


def _said(channel: Channel, grant: Grant, call: Callable[[Account], Answer]) -> CouldNotRead | None:
    """Why the network could not be asked now; None when it did what was asked, or will not whenever we ask."""
    account = account_by(grant, channel)
    answer = safely(grant.network, lambda: call(account))
    if isinstance(answer, CouldNotRead) and answer.reason in PASSING:
        return answer
    if answer is not None:
        log.info("%s does not let us take leave of %s: %s", grant.network, channel.pk, answer.reason)
    return None
