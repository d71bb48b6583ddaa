"""Figures of what we published, read from the networks now and then and never changed afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q

from etalage.channels.actions.access import asked, wait_after
from etalage.channels.actions.standing import pause_channel
from etalage.channels.grants import version_of
from etalage.channels.models import Channel, ChannelState, Figure, Listening
from etalage.channels.posts import posts_standing
from etalage.channels.queries import ChannelUnusable, abilities_of, find_channel
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Measurer, Metric, Reason

EVERY = timedelta(minutes=5)
WATCHED = timedelta(days=30)
AT_ONCE = 200
# How old a publication is, and how long its last figures are good for.
PATIENCE = (
    (timedelta(days=1), timedelta(minutes=15)),
    (timedelta(days=7), timedelta(hours=2)),
    (WATCHED, timedelta(days=1)),
)
_LARGEST = 2**63 - 1


def channels_to_measure(now: datetime) -> list[UUID]:
    """Active channels whose networks may be asked now for figures."""
    networks = [name for name in registry.names() if isinstance(registry.get(name), Measurer)]
    open_now = Q(channel__quiet_until=None) | Q(channel__quiet_until__lte=now)
    due = Listening.objects.filter(
        open_now, measure_due_at__lte=now, channel__state=ChannelState.ACTIVE, channel__network__in=networks
    )
    rows = due.order_by("measure_due_at").select_related("channel")
    return [row.pk for row in rows if abilities_of(row.channel).can_measure]


def measure_channel(channel_id: UUID) -> int:
    """Read the figures of the channel's publications whose last ones are old; returns how many were written."""
    listening = Listening.objects.filter(pk=channel_id, measure_due_at__lte=clock.now()).first()
    channel = find_channel(channel_id)
    connector = registry.find(channel.network)
    if listening is None or channel.state != ChannelState.ACTIVE or not isinstance(connector, Measurer):
        return 0
    wanted = publications_due(channel, clock.now())
    rows = Listening.objects.filter(pk=channel_id)
    if not wanted:
        now = clock.now()
        rows.update(measure_due_at=now + EVERY, measure_set_at=now)
        return 0
    try:
        answer = asked(channel, lambda account: connector.measure(account, wanted))
    except ChannelUnusable:
        pause_channel(channel_id, Reason.AUTH_DEAD, actor=None, version=version_of(channel))
        return 0
    now = clock.now()
    if not isinstance(answer, list):
        wait = wait_after(answer, channel, listening.measure_failures)
        facts = {"measure_failures": listening.measure_failures + 1, "measure_problem": answer.reason}
        rows.update(measure_due_at=now + wait, measure_set_at=now, **facts)
        return 0
    keep_figures(channel, answer)
    more = len(wanted) == AT_ONCE
    rows.update(
        measured_at=now,
        measure_due_at=now if more else now + EVERY,
        measure_set_at=now,
        measure_failures=0,
        measure_problem="",
    )
    tell("figures")
    return len(answer)


def publications_due(channel: Channel, now: datetime) -> list[str]:
    """The network's ids of publications whose figures are to be read, the longest unread first."""
    standing = posts_standing(channel.pk, now - WATCHED)
    last = dict(
        Figure.objects.filter(channel=channel, remote_id__in=list(standing))
        .values_list("remote_id")
        .annotate(Max("taken_at"))
    )
    due = [
        remote_id
        for remote_id, published_at in standing.items()
        if remote_id not in last or now - last[remote_id] >= _patience(now - published_at)
    ]
    return sorted(due, key=lambda one: (last.get(one) is not None, last.get(one) or now, one))[:AT_ONCE]


def _patience(age: timedelta) -> timedelta:
    return next((wait for limit, wait in PATIENCE if age < limit), WATCHED)


def keep_figures(channel: Channel, metrics: Iterable[Metric]) -> None:
    """Add these figures. What the network did not say stays unsaid: it is not a zero."""
    rows = [
        Figure(
            channel=channel,
            remote_id=metric.remote_id,
            name=metric.name[:60],
            value=metric.value if metric.value is not None and abs(metric.value) <= _LARGEST else None,
            taken_at=metric.at,
        )
        for metric in metrics
    ]
    Figure.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
