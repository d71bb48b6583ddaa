"""One claimed publication on its way to the wire: prepare, commit the intent, send once, write the answer down.

Whatever dies on this way leaves a state from which `reconcile` goes on: before the intent nothing visible was done,
after it the publication is looked for before anything is sent again.
"""

from __future__ import annotations

import logging
from functools import partial
from uuid import UUID

from etalage.channels.models import Channel, ChannelState
from etalage.channels.queries import ChannelUnusable, abilities_of, network_for
from etalage.jobs.execute import patiently
from etalage.kit import clock
from etalage.kit.images import PictureRefused
from etalage.networks.base import (
    Account,
    Delivery,
    Mechanism,
    Outcome,
    Publisher,
    Reason,
    Rejected,
    Rendition,
    Unknown,
)
from etalage.publishing import links, renditions
from etalage.publishing.delivery import lag, machine, outcomes, ticks
from etalage.publishing.delivery.facts import address_of, delivery_of, key_of
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.outcomes import Work
from etalage.publishing.delivery.pace import pace
from etalage.publishing.models import DeliveryState, Publication

log = logging.getLogger(__name__)

# More than any network's pictures and containers; a connector that never ends is stopped here.
MOST_STEPS = 40
#: Seconds between tries to write an answer down while the database is away: for some minutes, well within the lease.
ANSWER_KEPT = (0.1, 0.3, 1.0, 3.0, *(5.0,) * 48)


def send(claim: Claim) -> None:
    """Bring one claimed publication as far as it gets. Whoever lost the lease walks away without a trace."""
    work = load(claim)
    if work is None or _is_over(work):
        return
    try:
        publisher, account = network_for(work.publication.channel)
    except ChannelUnusable:
        outcomes.channel_refused(work, Reason.AUTH_DEAD, "")
        return
    rendition = _rendition(work, publisher)
    if rendition is None:
        return
    delivery = _prepare(work, publisher, account, rendition)
    if delivery is not None:
        _commit(work, publisher, account, rendition, delivery)


def load(claim: Claim) -> Work | None:
    """What is to be done, freshly read; None when the claim is not valid any more."""
    rows = Publication.objects.select_related("post", "channel__grant")
    publication = rows.filter(pk=claim.publication_id, token=claim.token).first()
    return Work(claim, publication, abilities_of(publication.channel)) if publication else None


def _is_over(work: Work) -> bool:
    """True when it may not go out now: too late, or its key too old to be sent again while in doubt."""
    publication = work.publication
    if publication.expires_at is not None and publication.expires_at <= clock.now():
        outcomes.too_late(work)
        return True
    if publication.in_doubt and publication.safe_until is not None and publication.safe_until <= ticks.now():
        outcomes.doubt(work, "key_too_old")
        return True
    return False


def _rendition(work: Work, publisher: Publisher) -> Rendition | None:
    """The fitted content; None when it cannot go out, which is then written down with its reason."""
    publication = work.publication
    publication.link = links.link_for_publication(publication)
    shown = renditions.check(publication, address_of(publication))
    found = renditions.blocking(shown.problems)
    if found and not publication.in_doubt:
        work.move(
            DeliveryState.REJECTED,
            reason=_REASONS.get(found[0].code, Reason.TEXT_INVALID),
            detail=found[0].code,
            perhaps_out=outcomes.perhaps_replaced(publication),
        )
        return None
    if not _keep_facts(work, publisher, renditions.fingerprint(shown)):
        return None
    try:
        return renditions.render(shown)
    except (PictureRefused, OSError) as error:
        log.warning("a picture of publication %s cannot be fitted: %r", publication.pk, error)
        if renditions.is_final(error):
            outcomes.after_step(work, Rejected(Reason.MEDIA_INVALID))
        else:
            outcomes.again_later(work, "picture_unread")
        return None


_REASONS = {
    "no_picture": Reason.MEDIA_INVALID,
    "too_few_pictures": Reason.MEDIA_INVALID,
    "alt_missing": Reason.MEDIA_INVALID,
    "alt_too_long": Reason.MEDIA_INVALID,
}


def _keep_facts(work: Work, publisher: Publisher, content: str) -> bool:
    """Store the keys by which the network knows a second attempt again, before the first.

    Parts that were made from another content, or that the network may have dropped, are made anew.
    """
    publication, facts = work.publication, dict[str, str]()
    if not publication.idempotency_key:
        facts["idempotency_key"] = publication.idempotency_key = key_of(publication)
        facts["client_key"] = publication.client_key = publisher.client_key(str(publication.pk))
    is_new = content != publication.body_hash and not publication.in_doubt
    if is_new:
        facts["body_hash"] = content
    # What may have become visible of a draft is told by that draft alone: another one would stand beside it.
    keeps = publication.in_doubt and work.abilities.mechanism is Mechanism.TWO_PHASE
    valid_for = None if keeps else work.abilities.parts_valid_for
    if not facts and valid_for is None:
        return True
    return machine.keep_facts(work.claim, forget_parts=is_new, valid_for=valid_for, **facts)


def _prepare(work: Work, publisher: Publisher, account: Account, rendition: Rendition) -> Delivery | None:
    """Take the invisible steps, each remote id committed before the next; what to send when all is prepared."""
    publication = work.publication
    for _number in range(MOST_STEPS):
        delivery = delivery_of(publication, publication.attempt + 1)
        step = publisher.next_step(account, rendition, delivery)
        if step is None:
            return delivery if work.move(DeliveryState.PREPARED, **ticks.lease(ticks.now())) else None
        if not machine.renew(work.claim):
            return None
        if not outcomes.after_step(work, publisher.take_step(account, rendition, delivery, step)):
            return None
    raise RuntimeError(f"the preparation of publication {publication.pk} does not end")


def _commit(
    work: Work, publisher: Publisher, account: Account, rendition: Rendition, delivery: Delivery
) -> None:
    """Write the intent down, send exactly once, write the answer down.

    The intent asks once more whether the lease still runs, and begins it anew.
    """
    publication = work.publication
    if _is_over(work) or not _channel_is_open(work):
        return
    # Before the statement: the lease ends no sooner.
    begun, now, tick = ticks.seconds(), clock.now(), ticks.now()
    goes_on = publication.in_doubt
    facts = {
        "attempt": delivery.attempt,
        "sent_at": now,
        "sent_tick": tick,
        "marker": delivery.marker,
        "first_sent_at": publication.first_sent_at if goes_on else now,
        "first_tick": publication.first_tick if goes_on else tick,
    }
    if not work.move(DeliveryState.SENDING, **facts, **ticks.lease(tick)):
        return
    for name, value in facts.items():
        setattr(publication, name, value)
    if ticks.seconds() - begun > (pace().lease - pace().request).total_seconds():
        # This process stood still for longer than it may: another may soon take over. Nothing was sent.
        outcomes.again_later(work, "stood_still")
        return
    answer = _sent(publisher, account, rendition, delivery, publication.pk)
    # What the network said once it may never say again.
    patiently(partial(outcomes.after_commit, work, answer), pauses=ANSWER_KEPT)
    lag.time_success(publication.pk, publication.channel_id)


def _sent(
    publisher: Publisher, account: Account, rendition: Rendition, delivery: Delivery, publication_id: UUID
) -> Outcome:
    """The one visible act. A connector that breaks has perhaps sent: its answer is unknown, never a failure."""
    try:
        return publisher.commit(account, rendition, delivery)
    except Exception as error:
        log.exception("the connector broke while sending publication %s", publication_id)
        return Unknown(Reason.AMBIGUOUS, type(error).__name__)


def _channel_is_open(work: Work) -> bool:
    """Look once more whether the channel was paused meanwhile; then the publication waits on its schedule."""
    if Channel.objects.filter(pk=work.publication.channel_id, state=ChannelState.ACTIVE).exists():
        return True
    work.move(DeliveryState.SCHEDULED, reason="channel_paused", next_attempt_at=clock.now())
    return False
