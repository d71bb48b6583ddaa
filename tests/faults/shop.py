"""A shop with one channel and publications that fall due one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from etalage.accounts.models import Business, Member, Role
from etalage.channels.actions import connect_channel
from etalage.channels.models import Channel
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing import links
from etalage.publishing.delivery import crew
from etalage.publishing.delivery.reconcile import sweep
from etalage.publishing.models import DeliveryState, Post, PostState, Publication
from tests.practice_network import PracticeNetwork

DONE = frozenset(
    {
        DeliveryState.PUBLISHED,
        DeliveryState.REJECTED,
        DeliveryState.EXPIRED,
        DeliveryState.DROPPED,
        DeliveryState.NEEDS_PERSON,
    }
)


@dataclass(frozen=True)
class Batch:
    """The publications of one combination, and their markers as the network sees them."""

    channel: Channel
    ids: list[UUID]
    markers: dict[UUID, str]

    def rows(self) -> list[Publication]:
        """As the database has them now."""
        return list(Publication.objects.filter(pk__in=self.ids).order_by("pk"))

    def is_done(self) -> bool:
        """Whether nobody works on any of them any more."""
        return not Publication.objects.filter(pk__in=self.ids).exclude(state__in=DONE).exists()


def manager() -> Member:
    """The shop's manager; the shop is opened when there is none."""
    found = Member.objects.filter(role=Role.MANAGER).first()
    if found:
        return found
    Business.objects.create(name="Maison Lune", currency="EUR", timezone="Europe/Brussels")
    return Member.objects.create_user(
        "marc@maisonlune.example", "a-long-password", name="Marc", role=Role.MANAGER
    )


def open_channel(network: PracticeNetwork, face: Mechanism, **account: Any) -> Channel:
    """A new account with this face, connected."""
    member = network.open_account(face=face, **account)
    return connect_channel("practice", network.base_url, member.token, actor=manager())


def stock(channel: Channel, number: int, seconds: float) -> Batch:
    """So many publications that fall due over the next seconds."""
    now = clock.now()
    with transaction.atomic():
        posts = [
            Post(text={"en": f"Boots number {place}"}, no_picture_reason="Words.", state=PostState.APPROVED)
            for place in range(number)
        ]
        Post.objects.bulk_create(posts)
        rows = [
            Publication(
                post=post,
                channel=channel,
                state=DeliveryState.SCHEDULED,
                due_at=(due := now + timedelta(seconds=seconds * place / number)),
                next_attempt_at=due,
                expires_at=due + timedelta(days=3),
            )
            for place, post in enumerate(posts)
        ]
        Publication.objects.bulk_create(rows)
        markers = {row.pk: links.address_of(links.link_for_publication(row)) for row in rows}
    return Batch(channel, [row.pk for row in rows], markers)


def work() -> None:
    """What the worker's jobs do every few seconds, without the seconds in between."""
    while True:
        _round()
        time.sleep(0.005)


def calm(way: Callable[[], None]) -> Callable[[], None]:
    """The same way of a worker that nothing happens to: ours then looks less often while there is nothing to do."""
    return _finish if way is work else way


def _finish() -> None:
    while True:
        time.sleep(0.005 if _round() else 0.03)


def work_and_jobs() -> None:
    """The same, and the jobs that follow."""
    while True:
        _round()
        run_until_idle(raising=False)
        time.sleep(0.005)


def _round() -> int:
    """One round; how much there was to do."""
    return sweep(clock.now()) + crew.deliver() + crew.settle()
