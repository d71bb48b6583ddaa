"""After a backup was put back: nothing is sent that may have gone out since the backup was made.

What the restored rows call unsent may stand on its network already. All of it is in doubt from then on and is looked
for first, by its key or its marker; only what surely does not stand there goes out, and where a network cannot tell,
a person is asked. Drafts and approved posts may have been scheduled and gone out since, too: they stay as they are,
for people to change, and are in doubt from the moment that somebody schedules or withdraws them. What was refused or
too late may have been sent anew since, under an id that nobody knows any more: about that only a person can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from etalage.channels.queries import ChannelUnusable, connector_of
from etalage.kit import clock
from etalage.networks.base import Publisher
from etalage.publishing import links
from etalage.publishing.delivery import machine, outcomes, ticks
from etalage.publishing.delivery.facts import key_of
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.outcomes import RESTORED, Work
from etalage.publishing.delivery.send import load
from etalage.publishing.delivery.states import LEASED
from etalage.publishing.models import Change, DeliveryState, DeliveryStep, Perhaps, Publication

UNSCHEDULED = frozenset({DeliveryState.DRAFT, DeliveryState.APPROVED})
REPEATABLE = frozenset({DeliveryState.REJECTED, DeliveryState.EXPIRED})
HELD = frozenset({DeliveryState.SCHEDULED, DeliveryState.UNKNOWN, *LEASED})


@dataclass(frozen=True)
class Held:
    """How many publications are looked for, about how many a person is asked at once, and how many unscheduled ones
    are looked for or asked about once somebody schedules them.
    """

    looked_for: int
    asked: int
    unscheduled: int


def hold_restored(taken_at: datetime, *, can_look: bool = True) -> Held:
    """Put every publication that may have gone out since `taken_at` in doubt; repeating it does no harm.

    `can_look` False: the marker of then is not the marker of now, so that no look proves anything.
    """
    looked_for = asked = 0
    rows = Publication.objects.filter(state__in=HELD).order_by("pk").values_list("pk", "token")
    for key, token in list(rows):
        work = load(Claim(key, token))
        if work is None:
            continue
        with transaction.atomic():
            if _hold(work, taken_at, can_look=can_look):
                looked_for += 1
            else:
                asked += 1
    Publication.objects.filter(state__in=REPEATABLE, replaced_by=None).update(perhaps_out=Perhaps.ASK)
    return Held(looked_for, asked, _hold_unscheduled(taken_at, can_look=can_look))


def _hold_unscheduled(taken_at: datetime, *, can_look: bool) -> int:
    """Note on drafts and approved ones that they may be out; what a restore before this one noted goes on counting."""
    rows = Publication.objects.filter(state__in=UNSCHEDULED)
    rows.filter(perhaps_out="").update(perhaps_out=Perhaps.LOOK, first_sent_at=taken_at)
    if not can_look:
        rows.update(perhaps_out=Perhaps.ASK)
    return rows.count()


def doubt_scheduled(publication_id: UUID, token: int) -> bool:
    """Put a publication that was scheduled just now in doubt, if it may be out; whether it may.

    It is looked for at once, long before its hour, and goes back to its schedule when it does not stand there.
    """
    return _doubt(publication_id, token)


def doubt_withdrawn(publication_id: UUID, token: int) -> bool:
    """Put an unscheduled publication that nobody wants any more in doubt, if it may be out; whether it may.

    It never goes out, and counts as withdrawn once it surely does not stand there; where it does, it is taken down.
    """
    return _doubt(publication_id, token, change=Change.WITHDRAW)


def _doubt(publication_id: UUID, token: int, **fields: Any) -> bool:
    work = load(Claim(publication_id, token))
    if work is None or not work.publication.perhaps_out:
        return False
    row = work.publication
    with transaction.atomic():
        _hold(work, row.first_sent_at or row.created_at, can_look=row.perhaps_out != Perhaps.ASK, **fields)
    return True


def _hold(work: Work, taken_at: datetime, *, can_look: bool, **fields: Any) -> bool:
    """Put one publication in doubt; False when a person is asked, because no look could tell."""
    row = work.publication
    marker = links.address_of(links.link_for_publication(row))
    if row.in_doubt and row.marker not in ("", marker):
        # Sent under another address, and since then perhaps under this one: a look knows only one.
        can_look = False
    first = min(row.first_sent_at, taken_at) if row.in_doubt and row.first_sent_at else taken_at
    facts: dict[str, Any] = {
        "in_doubt": True,
        "perhaps_out": "",
        "marker": marker,
        "first_sent_at": first,
        "sent_at": row.sent_at or max(taken_at, min(row.due_at or taken_at, clock.now())),
        "sent_tick": None,
        "first_tick": None,  # how old a key is that was used since, nobody knows: too old
        "safe_until": None,
        "absent_since": None,
        "looks": 0,
        **_keys(row),
        **outcomes.settles(ticks.now() + work.settle()),
        **fields,
    }
    # Drafts and pictures at the network may be others by now; what is sent after all is prepared anew.
    row.parts.all().delete()
    if row.state != DeliveryState.UNKNOWN:
        work.move(DeliveryState.UNKNOWN, reason=RESTORED, take_token=True, **facts)
    else:
        facts |= {"reason": RESTORED, "token": row.token + 1, "state_at": clock.now()}
        if Publication.objects.filter(pk=row.pk, token=row.token, state=row.state).update(**facts):
            DeliveryStep.objects.create(
                publication=row,
                from_state=row.state,
                to_state=row.state,
                reason=RESTORED,
                attempt=row.attempt,
            )
    if not can_look:
        machine.move(row.pk, row.token + 1, DeliveryState.NEEDS_PERSON, reason=RESTORED, settle_until=None)
    return can_look


def _keys(row: Publication) -> dict[str, str]:
    """The keys under which it went out, if it did: where they were not stored yet, they follow from its id."""
    try:
        connector = connector_of(row.channel)
    except ChannelUnusable:
        return {}
    if not isinstance(connector, Publisher):
        return {}
    return {
        "idempotency_key": row.idempotency_key or key_of(row),
        "client_key": row.client_key or connector.client_key(str(row.pk)),
    }


def is_unaccounted(publication: Publication) -> bool:
    """Whether sends since the backup are unknown to us: a look must not rely on what was prepared before it."""
    last = publication.steps.filter(reason=RESTORED).order_by("-pk").values_list("pk", flat=True).first()
    sent_since = publication.steps.filter(to_state=DeliveryState.SENDING)
    return last is not None and not sent_since.filter(pk__gt=last).exists()
