"""What this room keeps about a person: what they wrote and did towards the shop, by the id that a network gives them.

Nothing ties such an author to a customer yet: no identity that `customers` knows is an account on a network. So there
is nothing to declare to `customers.personal`, and a customer's export and erasure do not reach here; the pages of both
lead a manager to where an author is found by name. Whichever room comes to know that an author is a customer declares
`export_author` and `actions.erase_author` there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from etalage.channels.models import Channel, Incoming, IncomingKind
from etalage.channels.realms import channels_in, realm_of


def export_author(channel: Channel, author_id: str) -> list[dict[str, Any]]:
    """Everything kept of an author, wherever their id means them, as plain values (GDPR articles 15 and 20)."""
    return [
        {
            "network": row.channel.network,
            "channel": row.channel.handle,
            "kind": row.kind,
            "id": row.remote_id,
            "author": {"id": row.author_id, "handle": row.author_handle, "name": row.author_name},
            "at": row.at.isoformat(),
            "text": row.text,
            "language": row.language,
            "on": row.on_remote_id,
            "answers": row.in_reply_to,
            "address": row.url,
            "taken_away_at": row.removed_at.isoformat() if row.removed_at else None,
        }
        for row in said_by(channel, author_id)
    ]


@dataclass(frozen=True)
class Author:
    """Somebody who spoke to a channel. `thing` is our id of the last thing they did, by which pages name them."""

    thing: UUID
    author_id: str
    handle: str
    name: str
    count: int
    last_at: datetime

    @property
    def called(self) -> str:
        """What to call them."""
        return self.name or self.handle or self.author_id


def authors_on(channel: Channel, search: str = "", limit: int = 50) -> list[Author]:
    """Who spoke to a channel, the latest first; `search` is a part of a name or handle, or a network's whole id."""
    search, rows = search.strip(), _theirs().filter(channel=channel)
    if search:
        name = search.lstrip("@")
        rows = rows.filter(
            Q(author_name__icontains=search) | Q(author_handle__icontains=name) | Q(author_id=search)
        )
    last = _theirs().filter(channel=channel, author_id=OuterRef("author_id")).order_by("-at", "-pk")
    grouped = rows.order_by().values("author_id").annotate(count=Count("pk"), last_at=Max("at"))
    found = list(grouped.annotate(thing=Subquery(last.values("pk")[:1])).order_by("-last_at")[:limit])
    things = Incoming.objects.in_bulk([one["thing"] for one in found])
    return [_author(things[one["thing"]], one["count"]) for one in found if one["thing"] in things]


def author_of(channel: Channel, thing: UUID) -> Author | None:
    """Who did this thing on a channel; None where it is not there, or its author was erased."""
    row = _theirs().filter(channel=channel, pk=thing).first()
    return _author(row, said_by(channel, row.author_id).count()) if row else None


def said_by(channel: Channel, author_id: str) -> QuerySet[Incoming]:
    """Everything kept of an author on all channels where their id means them, the latest first."""
    same = channels_in(channel.network, realm_of(channel))
    rows = _theirs().filter(channel__in=same, author_id=author_id)
    return rows.select_related("channel").order_by("-at", "-pk")


def _theirs() -> QuerySet[Incoming]:
    return Incoming.objects.filter(erased_at=None).exclude(author_id="").exclude(kind=IncomingKind.REMOVED)


def _author(row: Incoming, count: int) -> Author:
    return Author(row.pk, row.author_id, row.author_handle, row.author_name, count, row.at)
