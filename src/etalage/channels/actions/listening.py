"""Hearing what people do on a channel: asking its network, and having it tell us.

Whatever comes in, by whichever way, goes into the edge's journal first; `actions.incoming` takes it from there.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from etalage.channels.actions.access import asked, wait_after
from etalage.channels.actions.standing import pause_channel
from etalage.channels.grants import version_of
from etalage.channels.items import polled, set_aside
from etalage.channels.models import Channel, ChannelState, Listening
from etalage.channels.queries import ChannelUnusable, find_channel, hook_address, is_told, journal
from etalage.edge.store import StoreUnavailable
from etalage.jobs import RetryAt, enqueue_once
from etalage.jobs.lease import current_lease
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import ChannelRefused, CouldNotRead, Page, Reason, Receiver, Subscriber

SUBSCRIBE = "etalage.channels.tasks.subscribe"
EVERY = timedelta(seconds=30)
EVERY_WHEN_TOLD = timedelta(minutes=5)  # what a lost delivery would have told us is found after this long
PAGES_AT_ONCE = 5  # then other channels have their turn


def channels_to_read(now: datetime) -> list[UUID]:
    """Active channels whose networks may be asked now what came in, those that wait longest first."""
    networks = [name for name in registry.names() if isinstance(registry.get(name), Receiver)]
    open_now = Q(channel__quiet_until=None) | Q(channel__quiet_until__lte=now)
    due = Listening.objects.filter(
        open_now, due_at__lte=now, channel__state=ChannelState.ACTIVE, channel__network__in=networks
    )
    return list(due.order_by("due_at").values_list("pk", flat=True))


def read_channel(channel_id: UUID) -> int:
    """Ask one network for what came in since the last time; returns how many things were new to the journal."""
    channel, listening = _due(channel_id)
    if channel is None or listening is None:
        return 0
    connector, cursor, new = registry.get(channel.network), listening.cursor, 0
    for _page in range(PAGES_AT_ONCE):
        after = cursor
        try:
            answer = asked(channel, lambda account, after=after: connector.fetch(account, after))  # type: ignore[misc]
        except ChannelUnusable:
            pause_channel(channel_id, Reason.AUTH_DEAD, actor=None, version=version_of(channel))
            return new
        if not isinstance(answer, Page):
            _failed(listening, channel, answer)
            return new
        try:
            new += journal().keep([*polled(channel, answer.items), *set_aside(channel, answer.odd)])
        except StoreUnavailable:
            _failed(listening, channel, CouldNotRead(Reason.UNREACHABLE), problem="no_room")
            return new
        # Only now: what lies before the cursor is on the disk.
        Listening.objects.filter(pk=listening.pk, cursor=cursor).update(cursor=answer.cursor)
        if not answer.more or answer.cursor == cursor:
            _read(listening, every=EVERY_WHEN_TOLD if is_told(channel, listening) else EVERY)
            return new
        cursor = answer.cursor
    _read(listening, every=timedelta())
    return new


def _due(channel_id: UUID) -> tuple[Channel | None, Listening | None]:
    """The channel when it is to be asked now: a doubled job finds that it was done already."""
    listening = Listening.objects.filter(pk=channel_id, due_at__lte=clock.now()).first()
    channel = find_channel(channel_id)
    is_open = channel.quiet_until is None or channel.quiet_until <= clock.now()
    return (channel, listening) if channel.state == ChannelState.ACTIVE and is_open else (None, None)


def _read(listening: Listening, *, every: timedelta) -> None:
    now = clock.now()
    rows = Listening.objects.filter(pk=listening.pk)
    rows.update(read_at=now, failures=0, problem="")
    # Unless it rang meanwhile.
    rows.filter(due_at=listening.due_at).update(due_at=now + every, due_set_at=now)
    if listening.problem or listening.read_at is None:
        tell("channels")


def _failed(
    listening: Listening, channel: Channel, answer: CouldNotRead | ChannelRefused, problem: str = ""
) -> None:
    wait = wait_after(answer, channel, listening.failures)
    now = clock.now()
    facts = {"failures": listening.failures + 1, "problem": problem or answer.reason}
    Listening.objects.filter(pk=listening.pk).update(due_at=now + wait, due_set_at=now, **facts)
    if not listening.problem:
        tell("channels")


def channels_to_subscribe() -> list[UUID]:
    """Active channels whose networks deliver to where we were: our public address has changed since they were asked."""
    told = Listening.objects.filter(channel__state=ChannelState.ACTIVE).exclude(push_since=None)
    rows = told.exclude(push_address__startswith=f"{settings.PUBLIC_ADDRESS}/").select_related("channel")
    return [row.pk for row in rows]


def subscribe_channel(channel_id: UUID) -> None:
    """Have the network tell us at once, signed with a new secret that nobody else ever sees.

    The old secret counts until the new one is agreed. An earlier wish, to whatever address, is replaced: that is what
    `Subscriber` promises. Raises RetryAt while the network cannot be asked.
    """
    channel = find_channel(channel_id)
    connector = registry.find(channel.network)
    if channel.state != ChannelState.ACTIVE or not isinstance(connector, Subscriber):
        return
    secret, address = _new_secret(channel), hook_address(channel)
    current_lease().check()  # another worker may have agreed a newer one by now
    try:
        answer = asked(channel, lambda account: connector.subscribe(account, address, secret))
    except ChannelUnusable:
        return  # it is read by asking once the channel is mended, and mending asks for this again
    if answer is None:
        _agree(channel, secret, address)
    elif isinstance(answer, ChannelRefused):
        _not_told(channel, secret)
    else:
        raise RetryAt(clock.now() + wait_after(answer, channel, 1), answer.reason)


@transaction.atomic
def _agree(channel: Channel, secret: str, address: str) -> None:
    """The network signs with this secret from now on."""
    listening = Listening.objects.select_for_update().get(pk=channel.pk)
    if str(listening.secret) != secret:
        # Another worker has made a newer one, and perhaps the network had that before ours: it is agreed anew.
        enqueue_once(SUBSCRIBE, str(channel.pk), channel.pk)
        return
    agreed = {"secret_before": "", "push_since": clock.now(), "push_address": address}
    Listening.objects.filter(pk=channel.pk).update(**agreed)
    tell("channels")


@transaction.atomic
def _not_told(channel: Channel, secret: str) -> None:
    """The network tells us nothing, so from now on it is asked more often; unless another worker agreed since."""
    listening = Listening.objects.select_for_update().get(pk=channel.pk)
    if str(listening.secret) == secret:
        Listening.objects.filter(pk=channel.pk).update(push_since=None)
        tell("channels")


@transaction.atomic
def _new_secret(channel: Channel) -> str:
    """Make a secret and keep it before the network knows it, so that its first delivery is understood."""
    listening, _made = Listening.objects.select_for_update().get_or_create(channel=channel)
    # A secret that was never agreed is not worth remembering: the one before it may still be in use.
    before = listening.secret if listening.push_since and not listening.secret_before else None
    listening.secret_before = before if before is not None else listening.secret_before
    listening.secret = secrets.token_urlsafe(32)
    listening.save(update_fields=["secret", "secret_before"])
    return str(listening.secret)
