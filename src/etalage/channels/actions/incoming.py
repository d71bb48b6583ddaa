"""From the edge's journal into the database: each thing once, in whatever order and however often it came.

What decides is in the things themselves, never the moment at which they arrived: of two tellings of the same thing the
later one counts, and a thing is gone when it was taken away after it was said.

What comes for one channel is taken in together, in its order. What failed before, or was in hand when a process died,
is taken in alone: a delivery that kills whoever takes it in takes its neighbours along once, and then nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction

from etalage.channels.events import ReceivedFromNetwork
from etalage.channels.forgotten import Told, without_forgotten
from etalage.channels.items import Unreadable, is_polled, items_in
from etalage.channels.models import Channel, Incoming, IncomingKind, Listening
from etalage.channels.queries import journal
from etalage.edge.journal import INTERRUPTED, Failure, Journal, Waiting
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce_many
from etalage.kit import clock
from etalage.kit.outages import is_outage
from etalage.networks import registry
from etalage.networks.base import Received

log = logging.getLogger(__name__)

AT_ONCE = 500
MOST_ROUNDS = 20  # then other work has its turn
WAIT_S = 20.0  # for somebody else who drains
MOST_TRIES = 6
FIRST_WAIT = timedelta(seconds=10)
KEEP_INCOMING = timedelta(days=365)
UPDATED_AT_ONCE = 50  # rows; such a statement grows with rows times fields, and its making faster than that
FIELDS = (
    *("author_id", "author_handle", "author_name", "at", "text", "language"),
    *("on_remote_id", "in_reply_to", "url"),
)


def drain_incoming(*, wait_s: float = WAIT_S) -> int:
    """Take in what waits in the journal; returns how many deliveries were handled. A bad one blocks no other.

    Where somebody else drains, it waits for them as long as is said, and then leaves it to them.
    """
    waiting, handled = journal(), 0
    for _round in range(MOST_ROUNDS):
        with waiting.turn(wait_s) as is_ours:
            batch = waiting.pending(AT_ONCE) if is_ours else []
            for key, deliveries in _together(batch):
                handled += _begin(waiting, key, deliveries)
        if not batch:
            break
    return handled


def _together(batch: Iterable[Waiting]) -> Iterator[tuple[tuple[str, str], list[Waiting]]]:
    """What is taken in together: neighbours for one channel, in the order in which they came."""

    def company(one: Waiting) -> tuple[str, str, str]:
        is_suspect = one.attempts > 0 or one.reason == INTERRUPTED
        return one.network, one.key, one.id if is_suspect else ""

    by_channel = sorted(batch, key=lambda one: (one.network, one.key))  # stable: their order stays
    for (network, key, _alone), deliveries in groupby(by_channel, key=company):
        yield (network, key), list(deliveries)


def _begin(waiting: Journal, key: tuple[str, str], deliveries: Sequence[Waiting]) -> int:
    """Take these in once the attempt is counted: should the process die of it, the journal knows what was in hand."""
    tries = deliveries[0].attempts  # more than none: it is alone
    if tries >= MOST_TRIES:  # the last one ended with its process
        waiting.mark_failed(deliveries[0], deliveries[0].reason)
        tell("incoming")
        return 0
    # Once, neighbours may have died of each other: then each is tried at once. The last death is final at once too.
    again_at = clock.to_micros(_again_at(tries)) if 0 < tries < MOST_TRIES - 1 else 0
    begun = waiting.begin(deliveries, again_at_us=again_at)
    try:
        return _take_all(waiting, key, begun)
    except BaseException:  # the database is away, or we are told to end: nobody's fault
        waiting.give_back(deliveries)
        raise


def _take_all(waiting: Journal, key: tuple[str, str], deliveries: Sequence[Waiting]) -> int:
    """Take in what came for one channel; among many, the one that cannot be is found by halving."""
    try:
        unreadable, holding = take_in(*key, deliveries)
    except Exception as error:
        if _is_away(error):
            raise  # the whole job comes again
        if len(deliveries) == 1:
            _failed(waiting, [(deliveries[0], error)])
            return 0
        middle = len(deliveries) // 2
        halves = deliveries[:middle], deliveries[middle:]
        return sum(_take_all(waiting, key, half) for half in halves)
    failed = {one.id for one, _error in unreadable}
    done = [one for one in deliveries if one.id not in failed]
    waiting.empty(*holding)  # no bytes stay of what is not kept
    if done:
        waiting.mark_done(*done)
    if unreadable:
        _failed(waiting, unreadable)
    return len(done)


def _is_away(error: Exception) -> bool:
    """Whether the database cannot be worked with at all, rather than not with these rows."""
    sqlstate = getattr(error.__cause__, "sqlstate", None) or ""
    is_too_much = sqlstate.startswith("54")  # of PostgreSQL: a limit that these rows exceed
    return is_outage(error) or (isinstance(error, OperationalError) and not is_too_much)


def _failed(waiting: Journal, failed: Sequence[tuple[Waiting, Exception]]) -> None:
    """Note why; each is handed out again a few times, each time later, and is then for a person to see."""
    failures = []
    for delivery, error in failed:
        reason = str(error) if isinstance(error, Unreadable) else f"fault:{type(error).__name__}"
        log.warning("delivery %s of %s could not be taken in: %s", delivery.id, delivery.network, reason)
        is_over = delivery.attempts >= MOST_TRIES
        again_at_us = None if is_over else clock.to_micros(_again_at(delivery.attempts))
        failures.append(Failure(delivery, reason, again_at_us))
    waiting.mark_all_failed(failures)
    if any(failure.again_at_us is None for failure in failures):
        tell("incoming")


def _again_at(tries: int) -> datetime:
    """When it is handed out again after so many tries that it failed alone."""
    wait: timedelta = FIRST_WAIT * 4 ** (tries - 1)
    return clock.now() + wait


def take_in(
    network: str, key: str, deliveries: Sequence[Waiting]
) -> tuple[list[tuple[Waiting, Exception]], set[str]]:
    """Keep what these deliveries to one channel hold, and announce what is new or changed.

    Returns those that cannot be read, each with why, and the ids of those that hold something of somebody who was
    erased. Where it raises, nothing of any is kept.
    """
    channel = _channel(network, key)
    connector = registry.find(network)
    if channel is None or connector is None:
        return [(one, Unreadable("channel_gone")) for one in deliveries], set()
    told: list[Told] = []
    unreadable: list[tuple[Waiting, Exception]] = []
    for one in deliveries:
        try:
            told += [Told(item, one.id, one.received_us) for item in items_in(one, connector, channel)]
        except Exception as error:  # noted with it, for people to see
            unreadable.append((one, error))
    failed = {one.id for one, _error in unreadable}
    return unreadable, _write(channel, [one for one in deliveries if one.id not in failed], told)


@transaction.atomic
def _write(channel: Channel, deliveries: Sequence[Waiting], told: Sequence[Told]) -> set[str]:
    """Keep the things of these deliveries; returns the ids of those that hold something of who was erased."""
    if not deliveries:
        return set()
    # One at a time for each channel: who takes in a thing and who takes it away must see each other. The channel first,
    # as whoever connects it does: its rows are named here, which asks for it at the end.
    Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk).first()
    Listening.objects.select_for_update().get_or_create(channel=channel)
    _note_push(channel, deliveries)
    items, holding = without_forgotten(channel, told)
    changed = _keep(channel, items)
    announce_many(ReceivedFromNetwork(row.pk) for row in changed)
    if changed:
        tell("incoming")
    return holding


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
    fresh = [
        Incoming(channel=channel, kind=kind, remote_id=key, **facts) for (key, kind), facts in told.items()
    ]
    Incoming.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=AT_ONCE)
    ours = {row.pk for row in fresh}
    rows = _rows_of(channel, {key for key, _kind in told})
    new = [row for row in rows if row.pk in ours]
    changed: dict[Any, Incoming] = {}
    for row in rows:
        facts = told.get((row.remote_id, row.kind))
        if row.pk not in ours and facts and row.erased_at is None and _rank(facts) > _rank_of(row):
            for name, value in facts.items():
                setattr(row, name, value)
            changed[row.pk] = row
    changed |= {row.pk: row for row in _mark_removed(rows)}
    Incoming.objects.bulk_update(changed.values(), [*FIELDS, "removed_at"], batch_size=UPDATED_AT_ONCE)
    heard = {row.pk: row for row in new} | changed
    return [row for row in heard.values() if row.kind != IncomingKind.REMOVED]


def _rows_of(channel: Channel, remote_ids: Iterable[str]) -> list[Incoming]:
    """All rows of these things, asked for in portions: a statement takes only so many values."""
    every, rows = sorted(remote_ids), Incoming.objects.filter(channel=channel)
    portions = (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE))
    return [row for portion in portions for row in rows.filter(remote_id__in=portion)]


def _latest(channel: Channel, items: Iterable[Received]) -> dict[tuple[str, str], dict[str, Any]]:
    """The last telling of each thing, without our own doings, and without what is too old to be kept."""
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
