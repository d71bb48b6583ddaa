"""What each answer of a network makes of a publication."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from math import isnan
from typing import Any

from django.db import transaction

from etalage.channels import actions as channels
from etalage.channels.grants import version_of
from etalage.kit import clock
from etalage.networks.base import (
    Abilities,
    Accepted,
    ChannelRefused,
    Mechanism,
    NotAccepted,
    Outcome,
    Prepared,
    Reason,
    Rejected,
    Unknown,
)
from etalage.networks.wire import LONGEST_WAIT
from etalage.publishing.delivery import lag, machine, ticks
from etalage.publishing.delivery.facts import key_of
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.states import LEASED
from etalage.publishing.models import DeliveryState, Perhaps, Publication

log = logging.getLogger(__name__)

LONGEST_QUIET = timedelta(hours=1)  # for a whole channel
RESTORED = "restored"  # reason of the step that puts in doubt what may have gone out since a backup
OF_THE_ROAD = frozenset({Reason.UNREACHABLE, Reason.PLATFORM_DOWN})
CHANNEL_REASONS = frozenset({Reason.AUTH_DEAD, Reason.PERMISSION_MISSING, Reason.NEEDS_HUMAN_AT_NETWORK})


@dataclass(frozen=True)
class Work:
    """A claimed publication with what its channel could do when it was claimed."""

    claim: Claim
    publication: Publication
    abilities: Abilities

    def move(self, to: DeliveryState, **fields: Any) -> bool:
        """`machine.move` with this claim's token, and while its lease runs: only an acceptance is written late.

        With `take_token` it is somebody else's claim that is ended.
        """
        if "take_token" not in fields:
            fields.setdefault("within_lease", self.publication.state in LEASED)
        return machine.move(self.claim.publication_id, self.claim.token, to, **fields)

    def is_doubtful(self) -> bool:
        """Whether an earlier attempt may stand on the network without our knowing."""
        return self.publication.in_doubt

    def settle(self) -> int:
        """How long after a send a look can mean something: as the network says, or longer as we measured; ms."""
        stated = max(pace().least_settle, self.abilities.settle)
        return max(ticks.millis(stated), lag.measured_settle(self.publication.channel_id))


def after_step(work: Work, answer: Prepared | Rejected | NotAccepted | Unknown | ChannelRefused) -> bool:
    """Take in the answer to an invisible step; True when its part was committed and the next step may follow.

    An unknown answer here is harmless: at worst an orphan stays unseen at the network, and the step is repeated.
    """
    match answer:
        case Prepared(part_name, remote_id) if machine.can_keep_part(remote_id):
            return machine.keep_part(work.claim, part_name, remote_id)
        case Prepared():
            again_later(work, Reason.NONSENSE_ANSWER)
        case Rejected(reason, detail):
            _refuse(work, reason, detail)
        case NotAccepted(reason, retry_after, detail):
            again_later(work, reason, retry_after, detail)
        case Unknown(reason, detail):
            again_later(work, reason, None, detail)
        case ChannelRefused(reason, detail):
            channel_refused(work, reason, detail)
    return False


def after_commit(work: Work, answer: Outcome) -> None:
    """Take in the answer to the one visible act."""
    match answer:
        case Accepted(remote_id, url):
            machine.accept(work.claim, remote_id, url or "", attempt=work.publication.attempt)
        case Rejected(Reason.DUPLICATE_AT_NETWORK, detail):
            doubt(work, Reason.DUPLICATE_AT_NETWORK, detail)  # it has this already: look which one it is
        case Rejected(reason, detail):
            _refuse(work, reason, detail)
        case NotAccepted(reason, retry_after, detail):
            again_later(work, reason, retry_after, detail, **_another_key(work, reason))
        case ChannelRefused(reason, detail):
            channel_refused(work, reason, detail, **_another_key(work, reason))
        case Unknown(reason, detail):
            doubt(work, reason, detail)


def _another_key(work: Work, reason: str) -> dict[str, str]:
    """The key of the next attempt, after a refusal that leaves no doubt, where keys are not what we rely on.

    Some servers answer a key that they know with what they answered first, a refusal too (Pleroma, for hours). What
    came of the road to the server is remembered by none, and the old key may still help.
    """
    publication = work.publication
    is_relied_on = publication.in_doubt or work.abilities.mechanism is Mechanism.IDEMPOTENCY_KEY
    if is_relied_on or reason in OF_THE_ROAD:
        return {}
    return {"idempotency_key": f"{key_of(publication)}-{publication.attempt}"}


def doubt(work: Work, reason: str, detail: str = "", **fields: Any) -> bool:
    """Perhaps it stands there: wait until it must show, then look."""
    facts = {"in_doubt": True, "looks": 0, "absent_since": None, **settles(ticks.now() + work.settle())}
    return work.move(DeliveryState.UNKNOWN, reason=reason, detail=detail, **{**facts, **fields})


def settles(until: int) -> dict[str, Any]:
    """The fields of a publication that is not looked for before the lease clock says `until`."""
    return {"settle_until": until, "lease_clock": ticks.clock_name()}


def again_later(
    work: Work, reason: str, retry_after: float | None = None, detail: str = "", **fields: Any
) -> bool:
    """Provably not accepted: try again after a growing wait, or the network's own, but never too late."""
    publication, now = work.publication, clock.now()
    asked = asked_wait(retry_after)
    if asked and reason == Reason.RATE_LIMITED:
        channels.keep_quiet(publication.channel_id, now + min(asked, LONGEST_QUIET))
    return schedule_or_end(work, reason, detail, max(asked, pace().wait(publication.tries)), **fields)


def asked_wait(retry_after: float | None) -> timedelta:
    """How long a network asked us to wait, at most a day; zero where it said nothing that makes sense."""
    seconds = 0.0 if retry_after is None or isnan(retry_after) else retry_after
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT))


def schedule_or_end(work: Work, reason: str, detail: str, wait: timedelta, **fields: Any) -> bool:
    """Back to the schedule after `wait`; when that is too late, to its end, or to a last look when in doubt."""
    publication, at = work.publication, clock.now() + wait
    if publication.expires_at is None or at < publication.expires_at:
        return work.move(DeliveryState.SCHEDULED, reason=reason, detail=detail, next_attempt_at=at, **fields)
    return too_late(work, reason, detail, **fields)


def too_late(work: Work, reason: str = "", detail: str = "", **fields: Any) -> bool:
    """Its time is over: it does not go out any more. In doubt it is looked for, to tell the truth about it."""
    if work.is_doubtful():
        return doubt(work, reason or "too_late", detail, **fields)
    fields = {**fields, "next_attempt_at": None, "perhaps_out": perhaps_replaced(work.publication)}
    return work.move(DeliveryState.EXPIRED, reason=reason or "too_late", detail=detail, **fields)


def perhaps_replaced(publication: Publication) -> str:
    """What a publication that ended notes where a backup was put back: it may have ended so before.

    Then somebody may have sent it anew since the backup, under an id that nobody knows any more.
    """
    return Perhaps.ASK if publication.steps.filter(reason=RESTORED).exists() else ""


def channel_refused(work: Work, reason: Reason, detail: str, **fields: Any) -> None:
    """The account is refused: the channel pauses, and the publication waits on its schedule."""
    with transaction.atomic():
        waits = work.move(
            DeliveryState.SCHEDULED,
            reason=reason,
            detail=detail,
            next_attempt_at=clock.now(),
            within_lease=True,
            take_token=True,
            **fields,
        )
        if waits:
            channel = work.publication.channel
            channels.pause_channel(channel.pk, reason, actor=None, version=version_of(channel))


def _refuse(work: Work, reason: Reason, detail: str) -> None:
    """A refusal for good, unless an earlier attempt may stand there: then the proof is looked for first."""
    if work.is_doubtful():
        doubt(work, reason, detail, refused_as=reason)
    else:
        perhaps = perhaps_replaced(work.publication)
        fields = {"next_attempt_at": None, "perhaps_out": perhaps}
        work.move(DeliveryState.REJECTED, reason=reason, detail=detail, **fields)


def knows_again(publication: Publication, abilities: Abilities) -> bool:
    """Whether the network itself would recognise a second attempt now as the same publication."""
    match abilities.mechanism:
        case Mechanism.CLIENT_KEY:
            return bool(publication.client_key)
        case Mechanism.TWO_PHASE:
            return publication.parts.exists()
        case Mechanism.IDEMPOTENCY_KEY:
            end = key_ends(publication, abilities)
            return bool(publication.idempotency_key) and (end is None or ticks.now() < end)
    return False


def key_ends(publication: Publication, abilities: Abilities) -> int | None:
    """The lease clock's time when the network may have forgotten our key, with a margin; None when it never does.

    A send that was noted on another clock may have been any time ago: its key is too old.
    """
    if abilities.mechanism is not Mechanism.IDEMPOTENCY_KEY or abilities.key_valid_for is None:
        return None
    if publication.first_tick is None or publication.lease_clock != ticks.clock_name():
        return 0
    return publication.first_tick + ticks.millis(abilities.key_valid_for * pace().key_share)
