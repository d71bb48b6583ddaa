"""Every write to a publication's state: compare-and-set on state and token, with a line of history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from etalage.accounts.models import Member
from etalage.channels.models import ChannelState
from etalage.jobs import enqueue_once
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.text import storable
from etalage.publishing.delivery import ticks
from etalage.publishing.delivery.states import LEASED, TERMINAL, TRANSITIONS
from etalage.publishing.events import (
    PublicationDoubled,
    PublicationExpired,
    PublicationNeedsPerson,
    PublicationPublished,
    PublicationRejected,
)
from etalage.publishing.models import DeliveryState, DeliveryStep, Publication, RemotePart

# In characters, as the columns have them.
LONGEST_ID, LONGEST_URL = 200, 500
LONGEST_PART = LONGEST_DETAIL = 300
SPARE_CANDIDATES = 16  # looked at beyond the limit, because other workers may hold the first ones

_EVENTS = {
    DeliveryState.PUBLISHED: PublicationPublished,
    DeliveryState.REJECTED: PublicationRejected,
    DeliveryState.EXPIRED: PublicationExpired,
    DeliveryState.NEEDS_PERSON: PublicationNeedsPerson,
}
#: Steps that deny that it stands there, or give up finding out, and the states in which late news may contradict them.
_NOT_THERE = TERMINAL - {DeliveryState.DROPPED} | {DeliveryState.SCHEDULED, DeliveryState.NEEDS_PERSON}
_SENT = frozenset({DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.RECONCILING})
TOLD_LATE, SECOND_COPY = "told_late", "second_copy"
CHANGE = "etalage.publishing.tasks.change_remote"
#: The doubt is over.
CLEAR: dict[str, Any] = {
    "in_doubt": False,
    "refused_as": "",
    "safe_until": None,
    "settle_until": None,
    "absent_since": None,
    "looks": 0,
}
#: What steps are decided by: of a row's forty columns most are not read for one.
_DECIDES = ("state", "token", "tries", "attempt", "remote_id", "change")
_TIMES = ("lease_clock", "leased_until", "safe_until")
# No page waits for these.
_PASSING = frozenset({DeliveryState.CLAIMED, DeliveryState.PREPARED, DeliveryState.RECONCILING})


@dataclass(frozen=True)
class Claim:
    """The right to work on a publication until its lease ends; only `token` proves it."""

    publication_id: UUID
    token: int


def move(
    publication_id: UUID,
    token: int,
    to: DeliveryState,
    *,
    reason: str = "",
    detail: str = "",
    member: Member | None = None,
    within_lease: bool = False,
    after_lease: bool = False,
    take_token: bool = False,
    only_if: Q | None = None,
    **fields: Any,
) -> bool:
    """Take one step if the publication still carries `token` and its state allows it; False changes nothing.

    `within_lease` also demands that the lease still runs, `after_lease` that it is over, and `only_if` whatever it was
    decided by, all under the row's lock; `take_token` shuts out whoever holds the present token.
    The step is written to the history, told to open pages and announced, all in one transaction.
    Whoever says that it does not stand there is overruled by what a late worker knew better.
    """
    with transaction.atomic():
        row = _locked(publication_id, only_if)
        if row is None or row.token != token or to not in TRANSITIONS[DeliveryState(row.state)]:
            return False
        if within_lease and not ticks.is_held(row.lease_clock, row.leased_until, ticks.now()):
            return False
        # Asked of the row in hand, and what time it is after that: who stands still in between takes no lease away.
        if after_lease and not ticks.is_over(row.lease_clock, row.leased_until, ticks.now()):
            return False
        news = late_news(row).first() if to in _NOT_THERE and row.state in _SENT else None
        if news is not None:
            return _publish(row, TOLD_LATE, news.detail, "", take_token=True)
        return _step(
            row,
            to,
            reason=reason,
            detail=storable(detail, LONGEST_DETAIL),
            member=member,
            take_token=take_token,
            **fields,
        )


def _step(
    row: Publication,
    to: DeliveryState,
    *,
    reason: str,
    detail: str = "",
    member: Member | None = None,
    take_token: bool = False,
    **fields: Any,
) -> bool:
    """Write one step of a locked row, with its line of history."""
    now = clock.now()
    changes: dict[str, Any] = {
        "state": to,
        "state_at": now,
        "reason": reason,
        "detail": detail,
        **_counted_anew(row),
        **fields,
    }
    if take_token:
        changes["token"] = row.token + 1
    if to not in LEASED:
        changes.setdefault("leased_until", None)
    if not Publication.objects.filter(pk=row.pk, token=row.token, state=row.state).update(**changes):
        return False
    attempt = changes.get("attempt", row.attempt)
    _note(row, to, at=now, reason=reason, detail=detail, member=member, attempt=attempt)
    if to == DeliveryState.PUBLISHED and row.change:  # what was withdrawn while nobody knew is taken down now
        enqueue_once(CHANGE, str(row.pk), row.pk)
    return True


def _counted_anew(row: Publication) -> dict[str, Any]:
    """What was counted on the clock of an earlier start of the machine is forgotten, on the safe side."""
    if row.lease_clock in ("", ticks.clock_name()):
        return {}
    return {
        "lease_clock": ticks.clock_name(),
        "sent_tick": None,
        "first_tick": None,
        "absent_since": None,
        "safe_until": None if row.safe_until is None else 0,
    }


def _locked(publication_id: UUID, only_if: Q | None = None) -> Publication | None:
    """The row if it is so, locked on PostgreSQL; SQLite's transactions are exclusive from their start."""
    rows = Publication.objects.only(*_DECIDES, *_TIMES).select_for_update()
    return next(iter(rows.filter(only_if or Q(), pk=publication_id).order_by()), None)


def _note(row: Publication, to: DeliveryState, **facts: Any) -> None:
    """Write the step into the history, announce it and tell open pages."""
    _line(row, to, **facts).save(force_insert=True)
    if event := _EVENTS.get(to):
        announce(event(row.pk))
    if to not in _PASSING:
        tell("posts", "calendar")


def _line(row: Publication, to: DeliveryState, **facts: Any) -> DeliveryStep:
    return DeliveryStep(publication_id=row.pk, from_state=row.state, to_state=to, **facts)


def claim_due(now: datetime, limit: int) -> list[Claim]:
    """Take up to `limit` publications whose time has come, fairly over the channels.

    Never one whose `next_attempt_at` lies ahead, that is too late, or whose channel is paused or asked for quiet.
    A channel with much in hand or in line goes behind the others, so that ten failing rows starve nobody.
    """
    candidates = _in_turn(_due(now), limit + SPARE_CANDIDATES)
    return _claim(_due(now).filter(pk__in=candidates), candidates, now, limit, DeliveryState.CLAIMED)


def _in_turn(due: QuerySet[Publication], number: int) -> list[UUID]:
    """Ids of due publications, the channels taking turns; a few short reads, however long the lines are."""
    in_hand = Counter(Publication.objects.filter(state__in=LEASED).values_list("channel", flat=True))
    lines = due.order_by().values_list("channel").annotate(first=Min("next_attempt_at"))
    turns = []
    for channel, _first in sorted(lines, key=lambda line: (in_hand[line[0]], line[1]))[:number]:
        line = due.filter(channel=channel).order_by("next_attempt_at", "pk").values_list("pk", flat=True)
        turns += [(in_hand[channel] + place, key) for place, key in enumerate(line[:number])]
    return [key for _turn, key in sorted(turns, key=lambda turn: turn[0])[:number]]


def claim_unknown(now: datetime, limit: int) -> list[Claim]:
    """Take up to `limit` doubtful publications that have settled, to look for them."""
    settled = Publication.objects.filter(
        Q(channel__quiet_until=None) | Q(channel__quiet_until__lte=now),
        state=DeliveryState.UNKNOWN,
        lease_clock=ticks.clock_name(),
        settle_until__lte=ticks.now(),
        channel__state=ChannelState.ACTIVE,
    )
    candidates = list(
        settled.order_by("settle_until", "pk").values_list("pk", flat=True)[: limit + SPARE_CANDIDATES]
    )
    return _claim(settled.filter(pk__in=candidates), candidates, now, limit, DeliveryState.RECONCILING)


def _due(now: datetime) -> QuerySet[Publication]:
    return Publication.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        Q(channel__quiet_until=None) | Q(channel__quiet_until__lte=now),
        state=DeliveryState.SCHEDULED,
        next_attempt_at__lte=now,
        channel__state=ChannelState.ACTIVE,
    )


def _claim(
    rows: QuerySet[Publication], order: list[UUID], now: datetime, limit: int, to: DeliveryState
) -> list[Claim]:
    """Lock (or skip what others hold), count the token up and start the lease; no page and no event tells of it."""
    claims, steps = list[Claim](), list[DeliveryStep]()
    with transaction.atomic():
        lease = ticks.lease(ticks.now())
        known = rows.only(*_DECIDES, *_TIMES).select_for_update(skip_locked=True, of=("self",))
        free = {row.pk: row for row in known}
        for key in order:
            row = free.get(key)
            if row is None or len(claims) == limit:
                continue
            taken = Publication.objects.filter(pk=row.pk, token=row.token, state=row.state).update(
                state=to,
                state_at=now,
                token=row.token + 1,
                tries=row.tries + (to == DeliveryState.CLAIMED),
                **{**_counted_anew(row), **lease},
            )
            if taken:
                steps.append(_line(row, to, at=now, attempt=row.attempt))
                claims.append(Claim(row.pk, row.token + 1))
        DeliveryStep.objects.bulk_create(steps)
    return claims


def renew(claim: Claim) -> bool:
    """Begin the lease anew; False when it is over or another worker has the publication."""
    with transaction.atomic():
        row = _held(claim)
        return row is not None and _write(row, **ticks.lease(ticks.now()))


def keep_facts(
    claim: Claim, *, forget_parts: bool = False, valid_for: timedelta | None = None, **facts: Any
) -> bool:
    """Store keys or the content's hash before the first act at the network, under the lease.

    Parts that were made before are dropped where `forget_parts` says so, because the content is another one, or when
    one is older than `valid_for`, for which the network surely keeps them, or was made while a clock ran ahead.
    """
    with transaction.atomic():
        row = _held(claim)
        if row is None:
            return False
        if facts:
            _write(row, **facts)
        parts, now = RemotePart.objects.filter(publication_id=row.pk), clock.now()
        if forget_parts or (valid_for is not None and _has_old(parts, now - valid_for, now)):
            parts.delete()
        return True


def _has_old(parts: QuerySet[RemotePart], since: datetime, now: datetime) -> bool:
    return parts.exclude(made_at__gt=since, made_at__lte=now).exists()


def _held(claim: Claim) -> Publication | None:
    """The claimed row, locked, as long as its lease runs and nobody else took it.

    What time it is is asked once it is locked: waiting for that may take longer than the lease.
    """
    row = _locked(claim.publication_id)
    if row is None or row.token != claim.token or row.state not in LEASED:
        return None
    return row if ticks.is_held(row.lease_clock, row.leased_until, ticks.now()) else None


def _write(row: Publication, **facts: Any) -> bool:
    return bool(Publication.objects.filter(pk=row.pk).update(**facts))


def can_keep_part(remote_id: str) -> bool:
    """Whether the id that a network gave to a part is one that can be stored."""
    return bool(_kept(remote_id, LONGEST_PART))


def keep_part(claim: Claim, name: str, remote_id: str) -> bool:
    """Commit the remote id of one prepared part, before the next step; False for a worker that came too late."""
    with transaction.atomic():
        row = _held(claim)
        if row is None or row.state != DeliveryState.CLAIMED:
            return False
        RemotePart.objects.update_or_create(
            publication_id=row.pk, name=name, defaults={"remote_id": remote_id, "made_at": clock.now()}
        )
        return True


def accept(claim: Claim, remote_id: str, url: str, reason: str = "", *, attempt: int = 0) -> bool:
    """Write down that the network has it. Knowledge is welcome late too, from whoever holds it.

    A worker that lost its token may still say "accepted". While its successor is sending that is remembered, to be
    compared with the successor's answer; when another copy is known already it is an alarm. False when nothing could
    be written. `attempt`: the send that was accepted, 0 where that is not known.
    """
    remote_id, url = _kept(remote_id, LONGEST_ID), _kept(url, LONGEST_URL)
    with transaction.atomic():
        row = _locked(claim.publication_id)
        if row is None:
            return False
        if row.token == claim.token and row.state in LEASED:
            return _publish(row, reason, remote_id, url)
        if row.state == DeliveryState.SENDING:
            _remember(row, TOLD_LATE, remote_id, attempt)
        elif _may_stand_there(row):
            return _publish(row, TOLD_LATE, remote_id, url, take_token=True)
        elif row.state == DeliveryState.PUBLISHED and remote_id and not row.remote_id:
            # A person saw it there and could not know its id: this is the very one.
            Publication.objects.filter(pk=row.pk).update(remote_id=remote_id)
            _remember(row, TOLD_LATE, remote_id, attempt)
        else:
            alarm(row, remote_id, attempt)
        return False


def _kept(told: str, limit: int) -> str:
    """What a network told, where all of it can be stored; else nothing, because a part would name something else."""
    text = storable(told)
    return text if text == told and len(text) <= limit else ""


def _may_stand_there(row: Publication) -> bool:
    """Whether late news makes it published; not once another publication went out in its place."""
    if DeliveryState.PUBLISHED not in TRANSITIONS[DeliveryState(row.state)]:
        return False
    return row.state not in TERMINAL or not row.replaced_by.exists()


def _publish(row: Publication, reason: str, remote_id: str, url: str, *, take_token: bool = False) -> bool:
    """Write down under which id a locked row stands there, and alarm for each other id that late workers told."""
    facts: dict[str, Any] = {
        "remote_id": remote_id,
        "remote_url": url,
        "published_at": clock.now(),
        "next_attempt_at": None,
    }
    done = _step(row, DeliveryState.PUBLISHED, reason=reason, take_token=take_token, **facts, **CLEAR)
    if done and remote_id:
        for news in late_news(row).exclude(detail__in=("", remote_id)):
            alarm(row, news.detail, news.attempt)
    return done


def late_news(row: Publication) -> QuerySet[DeliveryStep]:
    """What late workers told while a successor was sending; the detail of each is the id that they heard."""
    return row.steps.filter(
        reason=TOLD_LATE, from_state=DeliveryState.SENDING, to_state=DeliveryState.SENDING
    )


def alarm(row: Publication, remote_id: str, attempt: int = 0) -> None:
    """Note a second copy in the history and announce it, once for each remote id; never for the known one.

    It is the younger one unless it is known to come from an earlier `attempt` than the last.
    """
    remote_id = _kept(remote_id, LONGEST_ID)
    with transaction.atomic():
        known = _locked(row.pk)
        if known is None or remote_id in ("", known.remote_id):
            return
        if known.steps.filter(reason=SECOND_COPY, detail=remote_id).exists():
            return
        _remember(known, SECOND_COPY, remote_id, attempt)
        is_younger = not known.remote_id or not attempt or attempt >= known.attempt
        announce(PublicationDoubled(known.pk, remote_id, is_younger))


def _remember(row: Publication, reason: str, remote_id: str, attempt: int) -> None:
    """A line of history that moves nothing."""
    facts = {"reason": reason, "detail": remote_id, "attempt": attempt or row.attempt}
    _line(row, DeliveryState(row.state), **facts).save(force_insert=True)
