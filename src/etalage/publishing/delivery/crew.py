"""Several hands that take claims and work them off, so that one slow network does not hold up the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime

from django.db import connection

from etalage.kit import clock
from etalage.publishing.delivery import machine, outcomes
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.reconcile import reconcile
from etalage.publishing.delivery.send import load, send
from etalage.publishing.models import DeliveryState

log = logging.getLogger(__name__)


def deliver() -> int:
    """Send what is due until nothing is, or the shift is over; the number of claims that were worked off."""
    return _work_off(machine.claim_due, send)


def settle() -> int:
    """Look for what is doubtful until nothing is due, or the shift is over; the number of looks."""
    return _work_off(machine.claim_unknown, reconcile)


def _work_off(take: Callable[[datetime, int], list[Claim]], act: Callable[[Claim], None]) -> int:
    if connection.in_atomic_block:  # other threads would not see what this transaction claims
        claims = take(clock.now(), pace().hands)
        for claim in claims:
            act(claim)
        return len(claims)
    hands, end, done = pace().hands, clock.elapsed() + pace().shift.total_seconds(), 0
    least = max(1, hands // 4)  # free hands before more is claimed: fewer, larger claims
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(max_workers=hands, thread_name_prefix="delivery") as pool:
        while clock.elapsed() < end:
            free = hands - len(running)
            claims = take(clock.now(), free) if free >= least else []
            running |= {pool.submit(_alone, act, claim) for claim in claims}
            if not running:
                break
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            done += len(finished)
    return done + len(running)


def _alone(act: Callable[[Claim], None], claim: Claim) -> None:
    """Work off one claim in a thread of its own, and leave no connection behind."""
    try:
        act(claim)
    except Exception:
        log.exception("the work on publication %s broke off", claim.publication_id)
        _give_back(claim)
    finally:
        connection.close()


def _give_back(claim: Claim) -> None:
    """What was not sent waits and is tried again; what may have been sent is left for the look."""
    work = load(claim)
    if work and work.publication.state in (DeliveryState.CLAIMED, DeliveryState.PREPARED):
        outcomes.again_later(work, "broke_off")
