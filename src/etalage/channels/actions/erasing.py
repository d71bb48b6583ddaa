"""Letting go of what people did: by their wish, and by age."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from etalage.accounts.audit import record
from etalage.accounts.erased import AUTHOR, KEY, authors_in, ids_in, keys_in, note_erased
from etalage.accounts.models import Member
from etalage.channels.actions.incoming import KEEP_INCOMING, drain_incoming
from etalage.channels.actions.rights import managers_only
from etalage.channels.actions.searching import Wanted, search, speaks_of
from etalage.channels.forgotten import (
    all_keys,
    digest_of_author,
    names_of_forgotten,
    own_key,
    portions,
    take_keys,
)
from etalage.channels.models import Channel, Erasure, Incoming, IncomingKind, Listening
from etalage.channels.queries import find_channel, journal
from etalage.channels.realms import channels_in, realm_of
from etalage.jobs import enqueue_once
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.secrets import UnreadableSecret

log = logging.getLogger(__name__)

SEARCH = "etalage.channels.tasks.search_journal"
WAIT_S = 2.0
KEEP_DELIVERIES = timedelta(days=30)  # handled ones: a restored backup has them handled again
KEEP_LETTERS = timedelta(days=90)  # failed ones, for a person to look at
EMPTY = {"author_id": "", "author_handle": "", "author_name": "", "text": "", "url": "", "in_reply_to": ""}


def erase_author(channel_id: UUID, author_id: str, *, actor: Member | None) -> int:
    """Forget somebody who spoke to us on a network, by the id that the network gives them (GDPR article 17).

    All channels are meant where the id means the same person. The rows stay as counts, under names that tell nobody
    whose they were, and what they did until now is taken in no more (`forgotten`). The bytes in the journal go at once,
    or by a job where that fails. It is noted outside of every backup, so that none brings them back. Returns how many
    rows were emptied.
    """
    if actor:
        managers_only(actor)
    if not author_id:
        return 0
    drain_incoming(wait_s=WAIT_S)  # so that what waits is counted like all else
    count = _erase(find_channel(channel_id), author_id, actor)
    try:
        search_journal()
    except (sqlite3.Error, OSError) as error:
        log.warning("the journal could not be searched for who was erased, a job does it: %s", error)
    return count


@transaction.atomic
def _erase(channel: Channel, author_id: str, actor: Member | None, *, again: bool = False) -> int:
    """Empty the rows of an author; `again`: after a restore, of what they did before they were erased."""
    same = list(channels_in(channel.network, realm_of(channel)).order_by("pk"))
    for one in same:  # whoever takes things in and we must see each other
        Listening.objects.select_for_update().get_or_create(channel=one)
    rows = list(Incoming.objects.filter(channel__in=same, author_id=author_id))
    _untie(same, author_id, {row.remote_id for row in rows})
    ids = _empty(rows)
    lines = _note(channel, author_id, again=again)
    record(actor, "channel.author_erased", channel, count=len(ids))
    tell("incoming")
    enqueue_once(SEARCH, "all")
    transaction.on_commit(lambda: note_erased([*ids, *lines]), robust=True)
    return len(ids)


def erase_authors_again(lines: set[str]) -> int:
    """Erase whom a restored backup brought back, by the list of who was erased; returns how many people.

    What they did before is then not taken in either when their networks tell it once more.
    """
    take_keys(keys_in(lines))
    for digest, at_us in authors_in(lines).items():
        noted, _is_new = Erasure.objects.get_or_create(
            digest=digest, defaults={"erased_at": clock.from_micros(at_us)}
        )
        Erasure.objects.filter(pk=noted.pk, erased_at__lt=clock.from_micros(at_us)).update(
            erased_at=clock.from_micros(at_us)
        )
    people: dict[tuple[str, str, str], Channel] = {}
    for some in portions(ids_in(lines)):
        there = Incoming.objects.filter(pk__in=some, erased_at=None).exclude(author_id="")
        for row in there.select_related("channel"):
            people[row.author_id, row.channel.network, realm_of(row.channel)] = row.channel
    for (author_id, _network, _realm), channel in people.items():
        _erase(channel, author_id, None, again=True)
    search_journal()
    return len(people)


def erased_lines() -> set[str]:
    """What the list of who was erased has to know of this room."""
    lines = {str(pk) for pk in Incoming.objects.exclude(erased_at=None).values_list("pk", flat=True)}
    lines |= {_line(*row) for row in Erasure.objects.values_list("digest", "erased_at")}
    with suppress(UnreadableSecret):
        lines |= {f"{KEY}{key}" for key in all_keys()}
    return lines


def forgets_erased() -> bool:
    """Whether there are people who were erased and no key by which they would be known again."""
    return not all_keys() and (Erasure.objects.exists() or Incoming.objects.exclude(erased_at=None).exists())


def search_journal() -> None:
    """Empty what the edge's journal holds of those who were erased since it was searched last.

    Raises sqlite3.Error where it cannot be worked with; repeating it does no harm.
    """
    for erasure in Erasure.objects.filter(is_searched=False):
        wanted = Wanted(str(erasure.author), erasure.erased_at)
        # Nobody can be searched for by a name that no key of ours opens any more.
        for channel in channels_in(erasure.network, erasure.realm) if wanted.author_id else ():
            search(journal(), channel, wanted)
        # Whoever was erased once more meanwhile is searched for once more.
        same = Erasure.objects.filter(pk=erasure.pk, erased_at=erasure.erased_at)
        same.update(author="", is_searched=True)


def _note(channel: Channel, author_id: str, *, again: bool) -> list[str]:
    """Remember that somebody was erased now, or what is known of it already; the lines for the list."""
    key, realm = own_key(), realm_of(channel)
    known = Erasure.objects.filter(
        digest__in=[digest_of_author(one, channel, author_id) for one in all_keys()]
    )
    before = known.order_by("erased_at").last() if again else None
    facts = {"network": channel.network, "realm": realm, "author": author_id, "is_searched": False}
    erasure, _is_new = Erasure.objects.update_or_create(
        digest=before.digest if before else digest_of_author(key, channel, author_id),
        defaults={"erased_at": before.erased_at if before else clock.now(), **facts},
    )
    return [_line(erasure.digest, erasure.erased_at), f"{KEY}{key}"]


def _line(digest: str, erased_at: datetime) -> str:
    return f"{AUTHOR}{digest}:{clock.to_micros(erased_at)}"


def _untie(channels: list[Channel], author_id: str, theirs: set[str]) -> None:
    """Take out of what others did that it answers a thing of this author."""
    answers = Incoming.objects.filter(channel__in=channels).exclude(in_reply_to="")
    for some in portions(theirs):
        answers.filter(in_reply_to__in=some).update(in_reply_to="")
    if author_id.isdigit():  # such a number in an id of a thing is none of theirs
        return
    speaks, naming = speaks_of(author_id), answers.filter(in_reply_to__contains=author_id)
    found = [pk for pk, address in naming.values_list("pk", "in_reply_to") if speaks.search(address.encode())]
    for portion in portions(found):
        answers.filter(pk__in=portion).update(in_reply_to="")


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


def forget_old_incoming() -> int:
    """Delete what people did longer ago than it is kept, and empty old deliveries; returns how many rows."""
    now = clock.now()
    count: int = Incoming.objects.filter(received_at__lt=now - KEEP_INCOMING).delete()[0]
    # What they did before then is too old to be taken in, whoever did it.
    Erasure.objects.filter(is_searched=True, erased_at__lt=now - KEEP_INCOMING).delete()
    journal().prune(clock.to_micros(now - KEEP_DELIVERIES))
    journal().drop_dead_before(clock.to_micros(now - KEEP_LETTERS))
    return count
