"""Letting go of what people did: by their wish, and by age."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from etalage.accounts.audit import record
from etalage.accounts.erased import note_erased
from etalage.accounts.models import Member
from etalage.channels.actions.incoming import KEEP_INCOMING, drain_incoming
from etalage.channels.actions.listening import journal
from etalage.channels.actions.rights import managers_only
from etalage.channels.forgotten import names_of_forgotten, portions
from etalage.channels.models import Channel, Incoming, IncomingKind, Listening
from etalage.channels.queries import find_channel
from etalage.jobs.live import tell
from etalage.kit import clock

KEEP_DELIVERIES = timedelta(days=30)  # handled ones, to be replayed after a fault of ours
KEEP_LETTERS = timedelta(days=90)  # failed ones, for a person to look at
EMPTY = {"author_id": "", "author_handle": "", "author_name": "", "text": "", "url": "", "in_reply_to": ""}


def erase_author(channel_id: UUID, author_id: str, *, actor: Member | None) -> int:
    """Forget somebody who spoke to us on a network, by the id that the network gives them (GDPR article 17).

    All channels on the same server are meant. The rows stay as counts, under names that tell nobody whose they were
    (`forgotten`), so that a late copy brings nobody back; the bytes in the journal go. Their own ids are noted outside
    of every backup, so that none brings them back. Returns how many rows were emptied.
    """
    if actor:
        managers_only(actor)
    if not author_id:
        return 0
    channel = find_channel(channel_id)
    drain_incoming()  # what waits is taken in first: it could bring the person back afterwards
    same = Channel.objects.filter(network=channel.network, base_url=channel.base_url)
    with transaction.atomic():
        # Whoever takes things in and we must see each other.
        list(Listening.objects.select_for_update().filter(channel__in=same).order_by("pk"))
        ids = _empty(list(Incoming.objects.filter(channel__in=same, author_id=author_id)))
        record(actor, "channel.author_erased", channel, count=len(ids))
        tell("incoming")
        transaction.on_commit(lambda: note_erased(ids))
    speaks_of = _speaks_of(author_id)
    for key in same.values_list("pk", flat=True):
        journal().forget(key.hex, lambda body: speaks_of.search(body) is not None)
    return len(ids)


def erase_authors_again(ids: set[UUID]) -> int:
    """Erase whoever did these things, which a restored backup brought back; returns how many people."""
    there = Incoming.objects.filter(pk__in=ids, erased_at=None).exclude(author_id="")
    names = ("author_id", "channel__network", "channel__base_url")
    people = {row[:3]: row[3] for row in there.values_list(*names, "channel")}
    for (author_id, _network, _server), channel_id in people.items():
        erase_author(channel_id, author_id, actor=None)
    return len(people)


def erased_ids() -> set[UUID]:
    """The ids of all things whose authors were erased."""
    return set(Incoming.objects.exclude(erased_at=None).values_list("pk", flat=True))


def _empty(rows: list[Incoming]) -> list[UUID]:
    """Take out of these rows what tells who it was; returns their ids. What notes that they were taken away goes."""
    names, now = names_of_forgotten(row.remote_id for row in rows), clock.now()
    notes = Incoming.objects.filter(channel__in={row.channel_id for row in rows}, kind=IncomingKind.REMOVED)
    for some in portions(names):
        notes.filter(remote_id__in=some).delete()
    for row in rows:
        row.remote_id, row.erased_at = names[row.remote_id], now
        for name, value in EMPTY.items():
            setattr(row, name, value)
    Incoming.objects.bulk_update(rows, [*EMPTY, "remote_id", "erased_at"], batch_size=100)
    return [row.pk for row in rows]


def _speaks_of(author_id: str) -> re.Pattern[bytes]:
    """Finds an id in the bytes of a delivery, as a text of its own, however JSON writes it."""
    plain = json.dumps(author_id)[1:-1]
    forms = {plain, author_id, plain.replace("/", "\\/")}
    either = b"|".join(re.escape(form.encode("utf-8", "replace")) for form in sorted(forms))
    return re.compile(rb"(?<![\w.:-])(?:" + either + rb")(?![\w.:-])")


def forget_old_incoming() -> int:
    """Delete what people did longer ago than it is kept, and empty old deliveries; returns how many rows."""
    now = clock.now()
    count: int = Incoming.objects.filter(received_at__lt=now - KEEP_INCOMING).delete()[0]
    journal().prune(clock.to_micros(now - KEEP_DELIVERIES))
    journal().drop_dead_before(clock.to_micros(now - KEEP_LETTERS))
    return count
