"""How others do it: the controls, whose faults the harness must see."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from etalage.channels.queries import network_for
from etalage.kit import clock
from etalage.networks.base import Accepted, Account, Delivery, Outcome, Rendition
from etalage.publishing import links, renditions
from etalage.publishing.delivery import machine, ticks
from etalage.publishing.delivery.facts import delivery_of
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.models import DeliveryState, Publication, RemotePart
from tests.faults import network
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


def new_keys() -> None:
    """Our own way, but each try is sent under a key of its own."""
    _before_each_try(lambda delivery: replace(delivery, client_key=f"etalage-{uuid4()}"))


def forgotten_drafts() -> None:
    """Our own way, but what was prepared for a try is known to that try only."""

    def forget(delivery: Delivery) -> Delivery:
        RemotePart.objects.filter(publication_id=delivery.publication_id).delete()
        return delivery

    _before_each_try(forget)


def _before_each_try(change: Callable[[Delivery], Delivery]) -> None:
    commit = network.HastyConnector.commit

    def changed(
        self: network.HastyConnector, account: Account, rendition: Rendition, delivery: Delivery
    ) -> Outcome:
        return commit(self, account, rendition, change(delivery))

    network.HastyConnector.commit = changed
    work()


def unfenced() -> None:
    """Our own way, but whoever holds a part of the work writes it down, late or not."""

    def keep_part(claim: Claim, name: str, remote_id: str) -> bool:
        RemotePart.objects.update_or_create(
            publication_id=claim.publication_id, name=name, defaults={"remote_id": remote_id}
        )
        return True

    machine.keep_part = keep_part
    work()


def overwriting() -> None:
    """Our own way, but whoever wakes up late takes its steps all the same, over those of its successor."""
    fenced = machine.move

    def move(publication_id: UUID, token: int, to: DeliveryState, **facts: Any) -> bool:
        if facts.get("take_token"):  # a successor
            return fenced(publication_id, token, to, **facts)
        if to == DeliveryState.PREPARED:
            network.passing("before_intent")
        written = {name: fact for name, fact in facts.items() if name not in ("within_lease", "only_if")}
        with transaction.atomic():
            row = Publication.objects.select_for_update().get(pk=publication_id)
            return machine._step(row, to, **{"reason": "", **written})

    machine.move = move
    work()


def by_wall_clock() -> None:
    """Our own way, but leases and settling are counted on the wall clock."""

    def now() -> int:
        return int(clock.now().timestamp() * 1000)

    ticks.now = now
    work()
