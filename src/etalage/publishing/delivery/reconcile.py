"""Doubt and its end: what workers left behind, looks at the network, and what may follow from them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.db.models import Q

from etalage.accounts.models import Member
from etalage.channels import actions as channels
from etalage.channels.grants import version_of
from etalage.channels.models import ChannelState
from etalage.channels.queries import ChannelUnusable, network_for
from etalage.kit import clock
from etalage.networks.base import Absent, CannotTell, Found, Look, Mechanism, Reason
from etalage.publishing.delivery import machine, outcomes, ticks
from etalage.publishing.delivery.facts import delivery_of
from etalage.publishing.delivery.machine import CLEAR, Claim
from etalage.publishing.delivery.outcomes import CHANNEL_REASONS, Work, settles
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.restored import UNSCHEDULED, doubt_withdrawn, is_unaccounted
from etalage.publishing.delivery.send import load
from etalage.publishing.delivery.states import LEASED
from etalage.publishing.models import Change, DeliveryState, Publication

log = logging.getLogger(__name__)

SWEEP = 200  # rows per round
WORKER_LOST, NOT_SEEN_YET = "worker_lost", "not_seen_yet"
CLOCKS_DIFFER = timedelta(minutes=1)  # more is a clock that is wrong
_AWAY = outcomes.OF_THE_ROAD | {Reason.RATE_LIMITED}


class Verdict(Enum):
    """What follows from a look."""

    PUBLISHED = auto()  # it stands there
    AGAIN_SAFELY = auto()  # still in doubt, but the network would recognise a second attempt
    AGAIN = auto()  # it surely does not stand there
    REFUSED = auto()  # it surely does not stand there, and the network refuses it
    TOO_LATE = auto()  # it surely does not stand there, and its time is over, or nobody wants it any more
    LOOK_AGAIN = auto()
    ASK = auto()  # nobody can know


@dataclass(frozen=True)
class Doubt:
    """What is known when a look came back."""

    mechanism: Mechanism
    knows_again: bool  # the network would recognise a second attempt as the same
    waits: bool  # there is time for more looks before a second attempt, or the network wants time between the two
    in_time: bool  # it may still go out
    refused: bool  # the network refused a later attempt for good
    was_absent: bool  # an earlier look, at least a settling time ago, found nothing
    looks_left: bool
    waits_for_road: (
        bool  # its time is not over, and no late worker knows: a network that is away says it later
    )
    hardly_answered: bool  # of the looks so far, the network answered fewer than it takes to ask a person


def decide(look: Look, doubt: Doubt) -> Verdict:
    """What to do after a look. Sending again takes proof of absence, or a network that knows it again."""
    if isinstance(look, Found):
        return Verdict.PUBLISHED
    if isinstance(look, Absent) and doubt.was_absent:
        if doubt.refused:
            return Verdict.REFUSED
        return Verdict.AGAIN if doubt.in_time else Verdict.TOO_LATE
    may_repeat = doubt.knows_again and doubt.in_time and not doubt.refused
    if may_repeat and not doubt.waits:
        return Verdict.AGAIN_SAFELY
    if isinstance(look, Absent):
        return Verdict.LOOK_AGAIN
    if doubt.mechanism is Mechanism.NONE:
        return Verdict.ASK
    if doubt.looks_left:
        return Verdict.LOOK_AGAIN
    if may_repeat:
        return Verdict.AGAIN_SAFELY
    is_away = isinstance(look, CannotTell) and look.reason in _AWAY
    is_patient = doubt.waits_for_road and (is_away or doubt.hardly_answered)
    return Verdict.LOOK_AGAIN if is_patient else Verdict.ASK


def reconcile(claim: Claim) -> None:
    """Look for one doubtful publication and act on what is seen."""
    work = load(claim)
    if work is None:
        return
    asked_at = ticks.now()
    look = _look(work)
    if isinstance(look, CannotTell) and look.reason in CHANNEL_REASONS:
        channel = work.publication.channel
        channels.pause_channel(channel.pk, look.reason, actor=None, version=version_of(channel))
        work.move(DeliveryState.UNKNOWN, reason=look.reason, **settles(ticks.now()))
        return
    _act(work, look, decide(look, _doubt_of(work, asked_at)), asked_at)


def _look(work: Work) -> Look:
    """Search on the network; what breaks here has changed nothing."""
    publication = work.publication
    if work.abilities.mechanism is Mechanism.NONE:
        return CannotTell(Reason.AMBIGUOUS)
    try:
        publisher, account = network_for(publication.channel)
    except ChannelUnusable:
        return CannotTell(Reason.AUTH_DEAD)
    if work.abilities.mechanism is Mechanism.TWO_PHASE and is_unaccounted(publication):
        # Of the draft that was sent we know nothing.
        account = replace(account, mechanism=Mechanism.READ_BACK)
    since = min(publication.first_sent_at or publication.state_at, clock.now()) - pace().since
    try:
        return publisher.look(account, delivery_of(publication, publication.attempt), since)
    except Exception as error:
        log.exception("the connector broke while looking for publication %s", publication.pk)
        return CannotTell(Reason.UNKNOWN, type(error).__name__)


def _doubt_of(work: Work, asked_at: int) -> Doubt:
    """What is known beside the look that began when the lease clock said `asked_at`."""
    publication, first, now = work.publication, work.publication.absent_since, clock.now()
    mechanism, settle = work.abilities.mechanism, work.settle()
    lies_ahead = publication.due_at is not None and ticks.millis(publication.due_at - now) > settle
    ended = publication.expires_at is not None and publication.expires_at <= now
    return Doubt(
        mechanism=mechanism,
        knows_again=outcomes.knows_again(publication, work.abilities),
        # A server may note a key only after it made the post: of two attempts that overlap it knows neither.
        waits=lies_ahead or mechanism is Mechanism.IDEMPOTENCY_KEY,
        in_time=not ended and publication.change != Change.WITHDRAW,
        refused=bool(publication.refused_as),
        was_absent=first is not None and asked_at - first >= settle,
        looks_left=publication.looks + 1 < pace().looks,
        waits_for_road=publication.expires_at is not None
        and not ended
        and not machine.late_news(publication).exists(),
        hardly_answered=_answers(publication) + 1 < pace().looks,
    )


def _answers(publication: Publication) -> int:
    """How often a look was answered in a way that decides nothing, since it was sent or a person took it in hand."""
    looks = publication.steps.filter(
        from_state=DeliveryState.RECONCILING,
        to_state=DeliveryState.UNKNOWN,
        attempt=publication.attempt,
        pk__gt=_by_people(publication),
    )
    return looks.exclude(reason__in={*_AWAY, WORKER_LOST, NOT_SEEN_YET}).count()


def _act(work: Work, look: Look, verdict: Verdict, asked_at: int) -> None:
    publication = work.publication
    reason = str(look.reason) if isinstance(look, CannotTell) else ""
    match verdict:
        case Verdict.PUBLISHED:
            assert isinstance(look, Found)
            machine.accept(work.claim, look.remote_id, look.url or "", reason="found")
        case Verdict.AGAIN_SAFELY:
            safe_until = outcomes.key_ends(publication, work.abilities)
            fields = {"safe_until": safe_until, "settle_until": None, "absent_since": None}
            outcomes.schedule_or_end(work, "known_again", "", _soon(publication), **fields)
        case Verdict.AGAIN:
            at = clock.now() + _soon(publication)
            work.move(DeliveryState.SCHEDULED, reason="absent", next_attempt_at=at, **CLEAR)
        case Verdict.REFUSED | Verdict.TOO_LATE if publication.change:
            work.move(DeliveryState.WITHDRAWN, reason="withdrawn", change="", **CLEAR)
        case Verdict.REFUSED:
            refused = publication.refused_as
            perhaps = outcomes.perhaps_replaced(publication)
            detail = publication.detail
            work.move(DeliveryState.REJECTED, reason=refused, detail=detail, perhaps_out=perhaps, **CLEAR)
        case Verdict.TOO_LATE:
            perhaps = outcomes.perhaps_replaced(publication)
            work.move(DeliveryState.EXPIRED, reason="too_late", perhaps_out=perhaps, **CLEAR)
        case Verdict.ASK:
            work.move(DeliveryState.NEEDS_PERSON, reason=reason or "cannot_tell", settle_until=None)
        case Verdict.LOOK_AGAIN:
            _look_again(work, look, asked_at, reason)


def _soon(publication: Publication) -> timedelta:
    """A first repetition at once, later ones after the growing wait, and none before its own hour."""
    wait = timedelta(0) if publication.tries <= 1 else pace().wait(publication.tries - 1)
    return wait if publication.due_at is None else max(wait, publication.due_at - clock.now())


def _look_again(work: Work, look: Look, asked_at: int, reason: str) -> None:
    """Wait for the next look: a settling time after nothing was found, longer each time that nothing was decided."""
    publication = work.publication
    if isinstance(look, Absent):
        first = publication.absent_since or asked_at
        fields = {"absent_since": first, "detail": publication.detail}
        work.move(DeliveryState.UNKNOWN, reason=NOT_SEEN_YET, **fields, **settles(first + work.settle()))
    else:
        looks = publication.looks + 1
        later = asked_at + max(work.settle(), ticks.millis(pace().wait(looks)))
        fields = {"looks": looks, "detail": publication.detail}
        work.move(DeliveryState.UNKNOWN, reason=reason, **fields, **settles(later))


def withdraw_doubtful(row: Publication, member: Member) -> bool:
    """Nobody wants it any more, and nobody knows whether it stands there; False when it moved meanwhile.

    It is looked for as before, but not sent again, and taken down where it is found.
    """
    unwanted = {"change": Change.WITHDRAW, "change_reason": ""}
    if row.state == DeliveryState.UNKNOWN:
        same = Publication.objects.filter(pk=row.pk, token=row.token, state=row.state)
        return bool(same.update(**unwanted))
    fields = {**unwanted, **settles(ticks.now()), "take_token": True, "reason": row.reason}
    return machine.move(row.pk, row.token, DeliveryState.UNKNOWN, member=member, **fields)


def sweep(now: datetime) -> int:
    """Take back what lost workers held, and end what is too late; the number of publications that moved."""
    return _take_back() + _settle_anew() + _end_late(now) + _end_orphans(now) + _mend_hours(now)


def _take_back() -> int:
    """Leases that are over: what was not sent goes back to its schedule, what may have been sent is in doubt."""
    lost = Publication.objects.filter(ticks.over(ticks.now()), state__in=LEASED)
    moved = 0
    for key, token in lost.order_by("leased_until").values_list("pk", "token")[:SWEEP]:
        work = load(Claim(key, token))
        if work is None:
            continue
        # Its worker may go on meanwhile: nothing is taken back from another state, or under a lease begun anew.
        taken: dict[str, Any] = {
            "take_token": True,
            "only_if": Q(state=work.publication.state),
            "after_lease": True,
        }
        if _has_lost_too_many(work.publication):
            doubtful = work.is_doubtful() or work.publication.state == DeliveryState.SENDING
            fields = {"in_doubt": doubtful, "settle_until": None, "next_attempt_at": None}
            moved += work.move(DeliveryState.NEEDS_PERSON, reason="workers_lost", **fields, **taken)
        elif work.publication.state in (DeliveryState.CLAIMED, DeliveryState.PREPARED):
            moved += outcomes.schedule_or_end(
                work, WORKER_LOST, "", pace().wait(work.publication.tries), **taken
            )
        elif work.publication.state == DeliveryState.SENDING:
            moved += outcomes.doubt(work, WORKER_LOST, **taken)
        elif work.publication.state == DeliveryState.RECONCILING:
            moved += work.move(DeliveryState.UNKNOWN, reason=WORKER_LOST, **settles(ticks.now()), **taken)
    return moved


def _has_lost_too_many(publication: Publication) -> bool:
    """Whether this is the last worker that may die over it: what ends the program each time would go on for ever."""
    lost = publication.steps.filter(reason=WORKER_LOST, pk__gt=_by_people(publication)).count()
    return lost + 1 >= pace().lost


def _by_people(publication: Publication) -> int:
    """The number of the last step that a person took; 0 when there was none."""
    steps = publication.steps.exclude(member=None).order_by("-pk")
    return steps.values_list("pk", flat=True).first() or 0


def _settle_anew() -> int:
    """Doubts of before the machine's last start: how long ago they began is not known any more."""
    old = Publication.objects.filter(ticks.of_another_clock(), state=DeliveryState.UNKNOWN)
    moved = 0
    for key, token in old.order_by("pk").values_list("pk", "token")[:SWEEP]:
        work = load(Claim(key, token))
        if work is not None:
            until = settles(ticks.now() + work.settle())
            again = {"absent_since": None, "sent_tick": None, "first_tick": None}
            rows = Publication.objects.filter(ticks.of_another_clock(), pk=key, token=token)
            moved += rows.filter(state=DeliveryState.UNKNOWN).update(**until, **again)
    return moved


def _mend_hours(now: datetime) -> int:
    """What was put back on the schedule by a clock that ran ahead goes out at its hour, not at that clock's."""
    ahead = Publication.objects.filter(
        state=DeliveryState.SCHEDULED,
        state_at__gt=now + CLOCKS_DIFFER,
        due_at__lte=now,
        next_attempt_at__gt=now,
    )
    return ahead.update(next_attempt_at=now, state_at=now)


def _end_late(now: datetime) -> int:
    """Scheduled publications whose time is over, whatever kept them waiting."""
    late = Publication.objects.filter(state=DeliveryState.SCHEDULED, expires_at__lte=now)
    moved = 0
    for key, token in late.order_by("expires_at").values_list("pk", "token")[:SWEEP]:
        work = load(Claim(key, token))
        # A person may choose another hour meanwhile.
        moved += bool(work and outcomes.too_late(work, only_if=Q(expires_at__lte=now)))
    return moved


def _end_orphans(now: datetime) -> int:
    """What waited for a channel that was given up: the unsent is withdrawn, the doubtful is for a person."""
    orphans = Publication.objects.filter(channel__state=ChannelState.DISCONNECTED)
    states = (DeliveryState.APPROVED, DeliveryState.SCHEDULED, DeliveryState.UNKNOWN)
    moved = 0
    for key, token in (
        orphans.filter(state__in=UNSCHEDULED).exclude(perhaps_out="").values_list("pk", "token")[:SWEEP]
    ):
        moved += doubt_withdrawn(key, token)
    waiting = orphans.filter(state__in=states).values_list("pk", "token", "in_doubt")
    for key, token, doubtful in waiting[:SWEEP]:
        to = DeliveryState.NEEDS_PERSON if doubtful else DeliveryState.WITHDRAWN
        moved += machine.move(key, token, to, reason="channel_gone", settle_until=None, next_attempt_at=None)
    return moved
