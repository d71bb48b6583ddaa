"""A shop whose channel is on a practice network, and publications that fall due in one second; for `in_shop`."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

FACE = "idempotency_key"


def open_shop(network: str) -> None:
    """An empty shop with an account on the network at this address, connected."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    connect(network)


def connect(network: str) -> None:
    """Open an account there and connect it."""
    import httpx

    from etalage.accounts.models import Member
    from etalage.channels.actions import connect_channel
    from tests.faults.shop import manager

    actor = Member.objects.first() or manager()
    account = {"handle": "measured", "face": FACE}
    answer = httpx.post(f"{network}/api/accounts", json=account, trust_env=False).raise_for_status()
    connect_channel("practice", network, answer.json()["token"], actor=actor)


def plan(number: int, after: float) -> list[str]:
    """So many approved publications that are all due this many seconds from now; their markers."""
    from django.db import transaction

    from etalage.channels.models import Channel
    from etalage.kit import clock
    from etalage.publishing.actions.opening import ask_for_delivery
    from etalage.publishing.models import Publication
    from tests.faults.shop import stock

    channel = Channel.objects.get(handle="measured")
    with transaction.atomic():
        batch = stock(channel, number, 0.0)
        due = clock.now() + timedelta(seconds=after)
        Publication.objects.filter(pk__in=batch.ids).update(due_at=due, next_attempt_at=due)
        ask_for_delivery([due])  # as whoever schedules a post does
    return list(batch.markers.values())


def out_after(number: int, patience: float) -> float:
    """Seconds from the moment when they were due to the last one's publishing. Raises RuntimeError past `patience`."""
    from etalage.publishing.models import Publication

    rows = Publication.objects.order_by("due_at")
    due: Any = rows.values_list("due_at", flat=True)[0]
    until = time.monotonic() + patience
    while (out := rows.filter(state="published").count()) < number:
        if time.monotonic() > until:
            states = Counter(rows.values_list("state", flat=True))
            raise RuntimeError(f"only {out} of {number} were published: {dict(states)}")
        time.sleep(0.2)
    last: Any = rows.order_by("-published_at").values_list("published_at", flat=True)[0]
    return float((last - due).total_seconds())
