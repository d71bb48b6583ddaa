"""Several hands that take claims and work them off, so that one slow network does not hold up the others."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from datetime import datetime
from queue import Empty, SimpleQueue

from django.db import connection

from etalage.jobs import is_stopping
from etalage.jobs.lease import current_lease
from etalage.kit import clock
from etalage.kit.outages import look_at_connection
from etalage.publishing.delivery import machine, outcomes
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.reconcile import reconcile, sweep
from etalage.publishing.delivery.send import load, send
from etalage.publishing.models import DeliveryState

log = logging.getLogger(__name__)
PATIENCE = 1.0
"""Seconds after which more is taken although nothing in hand is finished: a network may be slow, and others wait."""
LONGEST_ROUND = 1500.0
"""Seconds, within the time limit of a task; a round that never finds itself idle ends after a fifth of them or later.

At its end it takes nothing more and waits for what is in hand: two that began together should not do so together.
"""


def deliver() -> int:
    """Send until nothing is due and in hand, the shift is over or the worker stops; how many claims were worked off.

    While something slow is in hand, one shift follows the other, so that nothing else waits for it.
    """
    return _work_off(machine.claim_due, send)


def settle() -> int:
    """Sweep and look for what is doubtful, as `deliver` sends; how many looks, and publications that were moved."""
    return _work_off(machine.claim_unknown, reconcile, lambda: sweep(clock.now()))


def _work_off(
    take: Callable[[datetime, int], list[Claim]], act: Callable[[Claim], None], first: Callable[[], int] = int
) -> int:
    """Take and act; `first` is done before each shift."""
    if connection.in_atomic_block:  # other threads would not see what this transaction claims
        done, claims = first(), take(clock.now(), pace().hands)
        for claim in claims:
            act(claim)
        return done + len(claims)
    crew, done = Crew(act, pace().hands), 0
    end = clock.elapsed() + LONGEST_ROUND * random.uniform(0.2, 1.0)  # noqa: S311  (no secret)
    try:
        while _goes_on(end):
            done += first() + _shift(crew, take)
            done += crew.wait_for_all(PATIENCE)
            if not crew.busy:
                break  # else another shift, beside what is slow: while this round lasts, there may be no other
    finally:
        done += crew.end()
    return done


def _shift(crew: Crew, take: Callable[[datetime, int], list[Claim]]) -> int:
    """Take as long as a shift is, or until nothing is due and in hand; how many were finished."""
    end, done, finished = clock.elapsed() + pace().shift.total_seconds(), 0, 0
    least = max(1, crew.hands // 4)  # free hands before more is claimed: fewer, larger claims
    while _goes_on(end):
        look_at_connection()
        free = crew.hands - crew.busy
        if free >= least or (free and not finished):  # the others are held up: what is free goes on
            crew.hand_out(take(clock.now(), free))
        if not crew.busy:
            break
        finished = crew.wait(PATIENCE)
        done += finished
    return done


def _goes_on(end: float) -> bool:
    """Not beyond `end`, nor the worker's; nor where another worker was given the round, and sends beside this one."""
    return clock.elapsed() < end and not is_stopping() and current_lease().remaining() > 0


class Crew:
    """Threads that work off claims; each keeps its connection to the database from claim to claim."""

    def __init__(self, act: Callable[[Claim], None], hands: int) -> None:
        self.hands, self.busy = hands, 0
        self._act = act
        self._claims: SimpleQueue[Claim | None] = SimpleQueue()
        self._finished: SimpleQueue[Claim] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def hand_out(self, claims: list[Claim]) -> None:
        """Give these away; there is a thread for each that is being worked off."""
        self.busy += len(claims)
        for _missing in range(self.busy - len(self._threads)):
            thread = threading.Thread(target=self._work, name=f"delivery-{len(self._threads)}")
            thread.start()
            self._threads.append(thread)
        for claim in claims:
            self._claims.put(claim)

    def wait(self, seconds: float) -> int:
        """Wait until at least one more is finished, or for so long; how many are."""
        try:
            self._finished.get(timeout=seconds)
        except Empty:
            return 0
        finished = 1
        while not self._finished.empty():
            self._finished.get()
            finished += 1
        self.busy -= finished
        return finished

    def wait_for_all(self, seconds: float) -> int:
        """Wait until nothing is in hand, or for so long; how many were finished."""
        end, finished = clock.elapsed() + seconds, 0
        while self.busy and (left := end - clock.elapsed()) > 0:
            finished += self.wait(left)
        return finished

    def end(self) -> int:
        """Wait for what is in hand; how many that were. The threads are gone afterwards."""
        for _thread in self._threads:
            self._claims.put(None)
        for thread in self._threads:
            thread.join()
        left, self.busy = self.busy, 0
        return left

    def _work(self) -> None:
        try:
            while (claim := self._claims.get()) is not None:
                try:
                    _alone(self._act, claim)
                except BaseException:  # recorded: this hand goes on, and the lease of the claim ends
                    log.exception("the work on publication %s left no trace", claim.publication_id)
                finally:
                    self._finished.put(claim)
        finally:
            connection.close()


def _alone(act: Callable[[Claim], None], claim: Claim) -> None:
    """Work off one claim; a connection that broke is not kept for the next."""
    try:
        act(claim)
    except Exception:
        log.exception("the work on publication %s broke off", claim.publication_id)
        connection.close()
        try:
            _give_back(claim)
        except Exception:  # recorded: its lease ends, and another worker takes it
            log.exception("publication %s is left to its lease", claim.publication_id)
            connection.close()
    look_at_connection()


def _give_back(claim: Claim) -> None:
    """What was not sent waits and is tried again; what may have been sent is left for the look."""
    work = load(claim)
    if work and work.publication.state in (DeliveryState.CLAIMED, DeliveryState.PREPARED):
        outcomes.again_later(work, "broke_off")
