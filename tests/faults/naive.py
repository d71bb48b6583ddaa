"""How others do it: the controls, whose faults the harness must see."""

from __future__ import annotations

import random
import time

from etalage.channels.queries import network_for
from etalage.kit import clock
from etalage.networks.base import Accepted
from etalage.publishing import links, renditions
from etalage.publishing.delivery import machine, ticks
from etalage.publishing.delivery.facts import delivery_of
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.models import DeliveryState, Publication, RemotePart
from tests.faults.shop import work


def at_least_once() -> None:
    """What was not answered is sent again."""
    while True:
        row = _due()
        if row is None:
            time.sleep(0.005)
            continue
        remote_id = _send(row)
        if remote_id:
            _write(row, DeliveryState.PUBLISHED, remote_id)


def at_most_once() -> None:
    """Noted as published first, then sent, whatever the answer."""
    while True:
        row = _due()
        if row is None:
            time.sleep(0.005)
            continue
        _write(row, DeliveryState.PUBLISHED, "")
        if remote_id := _send(row):
            _write(row, DeliveryState.PUBLISHED, remote_id)


def _due() -> Publication | None:
    rows = Publication.objects.filter(state=DeliveryState.SCHEDULED, next_attempt_at__lte=clock.now())
    keys = list(rows.values_list("pk", flat=True)[:20])
    found = Publication.objects.select_related("post", "channel__grant", "link")
    return found.filter(pk=random.choice(keys)).first() if keys else None


def _send(row: Publication) -> str:
    publisher, account = network_for(row.channel)
    content = renditions.render(renditions.check(row, links.address_of(row.link)))
    answer = publisher.commit(account, content, delivery_of(row, 1))
    return answer.remote_id if isinstance(answer, Accepted) else ""


def _write(row: Publication, state: DeliveryState, remote_id: str) -> None:
    Publication.objects.filter(pk=row.pk).update(state=state, remote_id=remote_id)


def unfenced() -> None:
    """Our own way, but whoever holds a part of the work writes it down, late or not."""

    def keep_part(claim: Claim, name: str, remote_id: str) -> bool:
        RemotePart.objects.update_or_create(
            publication_id=claim.publication_id, name=name, defaults={"remote_id": remote_id}
        )
        return True

    machine.keep_part = keep_part
    work()


def by_wall_clock() -> None:
    """Our own way, but leases and settling are counted on the wall clock."""

    def now() -> int:
        return int(clock.now().timestamp() * 1000)

    ticks.now = now
    work()
