"""How long a network really takes to show what it accepted, timed on our own successes.

A look that comes sooner than that finds nothing and proves nothing. What the network states is where it begins; five
times the 99.9th percentile of what was timed on the channel is waited for when that is longer, and so is five times the
longest of the latest successes. One that is still not to be seen counts for so long as it was looked for, from that
look on. All of it ages: the last thousand successes are remembered.


What this cannot prove: that a network which suddenly takes longer than five times all that it was ever seen to need
(while nothing was timed yet: longer than it states) does not have a post. A success that never shows is looked for
during 17 minutes, so that a lag of up to 85 minutes is waited for; one that is longer needs a network that states it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from etalage.channels.queries import ChannelUnusable, abilities_of, network_for
from etalage.jobs import enqueue_once
from etalage.kit import clock
from etalage.networks.base import Absent, Found, Mechanism
from etalage.publishing.delivery import machine, ticks
from etalage.publishing.delivery.facts import delivery_of
from etalage.publishing.delivery.pace import pace
from etalage.publishing.models import DeliveryState, Publication, VisibilityLag

log = logging.getLogger(__name__)

KEPT = 1000  # samples: as many as a percentile of 99.9 needs to leave one out
LATEST = 20
TIMES = 5
FIRST_GAP = timedelta(milliseconds=250)  # before the second look; doubled for each further one
TOO_COARSE = 4  # so many times later than planned, a look only tells how busy this machine was
#: Channels that were seen to have enough samples: for most successes one short query is all.
_TIMED: set[UUID] = set()
TIME_SHOWING = "etalage.publishing.tasks.time_showing"


def measured_settle(channel_id: UUID) -> int:
    """Five times what the channel was seen to need, in milliseconds; 0 while nothing is known.

    The latest successes count whatever the many before them say: the network may be slow today.
    """
    known = VisibilityLag.objects.filter(channel_id=channel_id).values_list("samples", flat=True).first()
    samples: list[int] = [took for _name, took in known or ()]
    return TIMES * max(percentile(samples), *samples[-LATEST:], 0)


def percentile(samples: Sequence[int]) -> int:
    """The 99.9th percentile by nearest rank: the longest of fewer than 1000; 0 of none."""
    ranked = sorted(samples)
    return ranked[-(-len(ranked) * 999 // 1000) - 1] if ranked else 0


def time_success(publication_id: UUID, channel_id: UUID) -> None:
    """After a success, look at once whether it shows; what does not is looked for again by a job.

    Nothing that breaks here touches the publication: it stands there.
    """
    try:
        if channel_id in _TIMED and _is_recent(_taken_at(channel_id)):
            return
        if sample(publication_id, 0) is not None:
            later(publication_id, 1)
    except Exception:
        log.exception("the showing of publication %s could not be timed", publication_id)


def sample(publication_id: UUID, looks: int) -> int | None:
    """Time one success with one look; the number of looks so far when it does not show yet, else None.

    `looks`: how many went before. A second copy that is seen in passing is an alarm.
    """
    publication = _wanted(publication_id, looks)
    if publication is None or publication.sent_tick is None:
        return None
    try:
        publisher, account = network_for(publication.channel)
    except ChannelUnusable:
        return None
    since = (publication.sent_at or publication.state_at) - pace().since
    asked_at = ticks.now()
    look = publisher.look(account, delivery_of(publication, publication.attempt), since)
    if isinstance(look, Absent):
        # No more than all looks take when they come as planned: what the machine slept through is not the network's.
        waited = min(asked_at - publication.sent_tick, _planned(pace().lag_looks))
        _keep(publication, waited)
        return looks + 1 if looks < pace().lag_looks else None
    if isinstance(look, Found):
        if look.remote_id != publication.remote_id:
            machine.alarm(publication, look.remote_id)
        took = ticks.now() - publication.sent_tick
        if took <= TOO_COARSE * _planned(looks) + ticks.millis(pace().lag_slack):
            _keep(publication, took)
    return None


def later(publication_id: UUID, looks: int) -> None:
    """Ask for the next look."""
    gap = FIRST_GAP * 2 ** (looks - 1)
    enqueue_once(TIME_SHOWING, f"{publication_id}:{looks}", publication_id, looks, run_after=gap)


def _wanted(publication_id: UUID, looks: int) -> Publication | None:
    """The publication if its showing is to be timed: sent once and accepted at once, on a network that can be asked."""
    rows = Publication.objects.select_related("post", "channel__grant", "link")
    row = (
        rows.filter(pk=publication_id, state=DeliveryState.PUBLISHED, reason="").exclude(remote_id="").first()
    )
    if row is None or row.lease_clock != ticks.clock_name():
        return None
    if abilities_of(row.channel).mechanism is Mechanism.NONE:
        return None
    known = VisibilityLag.objects.filter(channel_id=row.channel_id).first()
    if looks or len(known.samples if known else ()) < pace().lag_samples:
        return row
    if known is None:
        return None
    _TIMED.add(row.channel_id)
    return None if _is_recent(known.taken_at) else row


def _taken_at(channel_id: UUID) -> datetime | None:
    """When the channel's last sample was taken."""
    return VisibilityLag.objects.filter(channel_id=channel_id).values_list("taken_at", flat=True).first()


def _is_recent(taken_at: datetime | None) -> bool:
    """Whether a sample that was taken then is enough for now."""
    return taken_at is not None and timedelta(0) <= clock.now() - taken_at < pace().lag_again


def _keep(publication: Publication, took: int) -> None:
    """Keep how long one success took to show, or was not to be seen so far: so long this network needs at least.

    One sample for each success, which grows with each look; so it ages like all others when no look ever finds it.

    What a look finds that came so late that it only tells how busy we were is not kept. Nothing is lost by that: how
    long it was needed at least was kept by the looks before, and what the first look finds needed no longer than the
    request itself took, after which a doubt only begins to settle.
    """
    name = publication.pk.hex[-12:]
    with transaction.atomic():
        VisibilityLag.objects.get_or_create(channel_id=publication.channel_id)
        row = VisibilityLag.objects.select_for_update().get(channel_id=publication.channel_id)
        took = max([took, 0, *(known for other, known in row.samples if other == name)])
        others = [sample for sample in row.samples if sample[0] != name]
        row.samples = [*others, [name, took]][-KEPT:]
        row.taken_at = clock.now()
        row.save(update_fields=["samples", "taken_at"])


def _planned(looks: int) -> int:
    """When a look comes that follows so many others, in milliseconds after the first."""
    return ticks.millis(FIRST_GAP) * ((1 << looks) - 1)
