"""From the edge's journal into the database: each thing once, in whatever order and however often it came.

What decides is in the things themselves, never the moment at which they arrived: of two tellings of the same thing the
later one counts, and a thing is gone when it was taken away after it was said.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from etalage.channels.actions.listening import journal
from etalage.channels.events import ReceivedFromNetwork
from etalage.channels.items import Unreadable, is_polled, items_in
from etalage.channels.models import Channel, Incoming, IncomingKind, Listening
from etalage.edge.journal import Journal, Waiting
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce_many
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Received

log = logging.getLogger(__name__)

AT_ONCE = 100
MOST_ROUNDS = 50  # then other work has its turn
MOST_TRIES = 6
FIRST_WAIT = timedelta(seconds=10)
KEEP_INCOMING = timedelta(days=365)
FIELDS = (
    *("author_id", "author_handle", "author_name", "at", "text", "language"),
    *("on_remote_id", "in_reply_to", "url"),
)


def drain_incoming() -> int:
    """Take in what waits in the journal; returns how many deliveries were handled. A bad one blocks no other."""
    waiting, handled = journal(), 0
    for _round in range(MOST_ROUNDS):
        batch = waiting.pending(AT_ONCE)
        for key, deliveries in groupby(batch, key=lambda one: (one.network, one.key)):
            handled += _take_all(waiting, key, list(deliveries))
        if len(batch) < AT_ONCE:
            break
    return handled


def _take_all(waiting: Journal, key: tuple[str, str], deliveries: Sequence[Waiting]) -> int:
    """Take in what came for one channel, in its order; what fails is tried one by one, and later again."""
    try:
        take_in(*key, deliveries)
        waiting.mark_done(*(one.id for one in deliveries))
        return len(deliveries)
    except (OperationalError, InterfaceError):
        raise  # the database is away: nobody's fault, and the whole job comes again
    except Exception as error:
        if len(deliveries) == 1:
            _failed(waiting, deliveries[0], error)
            return 0
    return sum(_take_all(waiting, key, [one]) for one in deliveries)


def _failed(waiting: Journal, delivery: Waiting, error: Exception) -> None:
    """Note why; it is handed out again a few times, each time later, and is then for a person to see."""
    reason = str(error) if isinstance(error, Unreadable) else f"fault:{type(error).__name__}"
    log.warning("delivery %s of %s could not be taken in: %s", delivery.id, delivery.network, reason)
    if delivery.attempts + 1 >= MOST_TRIES:
        waiting.mark_failed(delivery.id, reason)
        tell("incoming")
        return
    again_at = clock.now() + FIRST_WAIT * 4**delivery.attempts
    waiting.mark_failed(delivery.id, reason, again_at_us=clock.to_micros(again_at))


def take_in(network: str, key: str, deliveries: Sequence[Waiting]) -> list[Incoming]:
    """Keep what these deliveries to one channel hold, and announce what is new or changed; returns those rows.

    Raises Unreadable for what cannot be taken in; then nothing of them is kept.
    """
    channel = _channel(network, key)
    connector = registry.get(network) if network in registry.names() else None
    if channel is None or connector is None:
        raise Unreadable("channel_gone")
    items = [item for delivery in deliveries for item in items_in(delivery, connector)]
    with transaction.atomic():
        # One at a time for each channel: who takes in a thing and who takes it away must see each other.
        Listening.objects.select_for_update().get_or_create(channel=channel)
        _note_push(channel, deliveries)
        changed = _keep(channel, items)
        announce_many(ReceivedFromNetwork(row.pk) for row in changed)
        if changed:
            tell("incoming")
    return changed


def _note_push(channel: Channel, deliveries: Sequence[Waiting]) -> None:
    """Remember when the network last told us something by itself."""
    pushed = [one.received_us for one in deliveries if not is_polled(one)]
    if pushed:
        Listening.objects.filter(pk=channel.pk).update(pushed_at=clock.from_micros(max(pushed)))


def _channel(network: str, key: str) -> Channel | None:
    try:
        return Channel.objects.filter(pk=UUID(hex=key), network=network).first()
    except ValueError:
        return None


def _keep(channel: Channel, items: Iterable[Received]) -> list[Incoming]:
    """Write the rows: those that are new, those that were told anew, those that are gone."""
    told = _latest(channel, items)
    if not told:
        return []
    fresh = [
        Incoming(channel=channel, kind=kind, remote_id=key, **facts) for (key, kind), facts in told.items()
    ]
    Incoming.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=AT_ONCE)
    ours = {row.pk for row in fresh}
    rows = list(Incoming.objects.filter(channel=channel, remote_id__in={key for key, _kind in told}))
    changed = {row.pk: row for row in rows if row.pk in ours}
    for row in rows:
        facts = told.get((row.remote_id, row.kind))
        if row.pk not in ours and facts and row.erased_at is None and _rank(facts) > _rank_of(row):
            for name, value in facts.items():
                setattr(row, name, value)
            changed[row.pk] = row
    changed |= {row.pk: row for row in _mark_removed(rows)}
    Incoming.objects.bulk_update(changed.values(), [*FIELDS, "removed_at"], batch_size=AT_ONCE)
    return [row for row in changed.values() if row.kind != IncomingKind.REMOVED]


def _latest(channel: Channel, items: Iterable[Received]) -> dict[tuple[str, str], dict[str, Any]]:
    """The last telling of each thing, without our own doings and without what is too old to be kept."""
    oldest = clock.now() - KEEP_INCOMING
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for item in items:
        is_own = item.author_id and item.author_id == channel.remote_id
        if is_own or item.at < oldest:
            continue
        key, facts = (item.remote_id, item.kind.value), {name: getattr(item, name) for name in FIELDS}
        if key not in told or _rank(facts) > _rank(told[key]):
            told[key] = facts
    return told


def _mark_removed(rows: Sequence[Incoming]) -> list[Incoming]:
    """Those whose being taken away, or not, is not yet written."""
    gone: dict[str, datetime] = {row.remote_id: row.at for row in rows if row.kind == IncomingKind.REMOVED}
    changed = []
    for row in rows:
        at = gone.get(row.remote_id)
        removed_at = at if at is not None and at >= row.at and row.kind != IncomingKind.REMOVED else None
        if row.removed_at != removed_at:
            row.removed_at = removed_at
            changed.append(row)
    return changed


def _rank(facts: dict[str, Any]) -> tuple[Any, ...]:
    """Which of two tellings of the same thing counts: the later one, and for the same moment always the same one."""
    return (facts["at"], *(facts[name] for name in FIELDS if name != "at"))


def _rank_of(row: Incoming) -> tuple[Any, ...]:
    return _rank({name: getattr(row, name) for name in FIELDS})
