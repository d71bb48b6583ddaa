"""The worker: threads that run jobs, a heartbeat that keeps their leases, a loop that claims fairly."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections import Counter
from dataclasses import dataclass
from queue import SimpleQueue

from django.db import OperationalError, connections

from etalage.jobs.claim import claim, due_lanes, share
from etalage.jobs.execute import execute, lease_of
from etalage.jobs.lease import Lease
from etalage.jobs.leaseclock import seconds
from etalage.jobs.models import Job
from etalage.jobs.registry import most_at_once
from etalage.jobs.schedule import enqueue_due
from etalage.jobs.setback import Wallclock
from etalage.jobs.settle import reclaim
from etalage.jobs.stopping import works_until
from etalage.jobs.wake import sleeper
from etalage.kit.ids import short_code
from etalage.kit.outages import is_outage, look_at_connection

log = logging.getLogger(__name__)
BEAT = 0.25
CHORES = 1.0
DATABASE_AWAY = 1.0
THREADS = 3
"""Places of a worker: room for two jobs of one queue at once, and for one of another beside them."""
PROMPT = 0.5
"""Seconds after which a job counts as long: it gives its place to another and goes on in a thread beside."""
MOST_LONG = 4
"""Long jobs of one queue at once; beyond them the queue waits, and the other queues do not."""
MOST_AT_ONCE = 64
"""Jobs that one worker holds at once, whatever their queues."""
REMINDER = 60.0
"""Seconds between two words about having so many."""


@dataclass(frozen=True)
class Held:
    """The jobs in a worker's hands, by queue. Those whose lease is over are in `total` only."""

    quick: Counter[str]
    long: Counter[str]
    total: int


class Worker:
    """Runs jobs in `threads` places. Any number of workers may run, in one process or many.

    A queue takes all places but one, and a job that turns out to be long gives its place back: so neither a crowd
    nor long work of one queue keeps another waiting, nor the quick jobs of its own.

    `poll`: seconds between looks when there is nothing to do; jobs enqueued in this process wake it at once.
    `grace`: seconds that `run` waits for the work at hand once it was asked to stop.
    `chores`: also take back the jobs of dead workers and keep the schedule.
    """

    def __init__(
        self,
        threads: int = THREADS,
        poll: float = 0.5,
        *,
        grace: float = 60.0,
        chores: bool = True,
        name: str = "",
    ) -> None:
        self.threads = threads
        self.poll = poll
        self.grace = grace
        self.chores = chores
        self.name = name or f"{socket.gethostname()}:{os.getpid()}:{short_code(4)}"
        self._jobs: SimpleQueue[tuple[Job, Lease] | None] = SimpleQueue()
        self._running: dict[Lease, str] = {}
        self._hands: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._wake = sleeper()
        self._idle = threading.Event()
        self._stop = threading.Event()
        self._last_queue = ""
        self._next_chores = 0.0
        self._next_reminder = 0.0
        self._wallclock = Wallclock()

    def run(self, stop: threading.Event) -> bool:
        """Work until `stop` is set, then finish the work at hand; False when the grace ran out before.

        Jobs that go on for long see it too, by `jobs.is_stopping`.
        """
        self._stop = stop
        self._hands = [self._thread(self._work, "job") for _ in range(self.threads)]
        ended = threading.Event()
        heart = self._thread(self._beat, "heartbeat", ended)
        try:
            while not stop.is_set():
                self._wake.clear()
                if not self._turn():
                    # Nobody rings when a job becomes a long one.
                    self._wake.wait(min(self.poll, PROMPT) if self._running else self.poll)
        finally:
            with self._lock:
                hands = list(self._hands)
            for _hand in hands:
                self._jobs.put(None)
            deadline = seconds() + self.grace
            for hand in hands:
                hand.join(max(0.0, deadline - seconds()))
            ended.set()
            heart.join()
            connections.close_all()
        return not any(hand.is_alive() for hand in hands)

    def _thread(self, target: object, name: str, *args: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, name=name, daemon=True)  # type: ignore[arg-type]
        thread.start()
        return thread

    def _turn(self) -> bool:
        """Do the chores that are due and hand out jobs; True when there may be more at once."""
        try:
            if seconds() >= self._next_chores:
                self._next_chores = seconds() + CHORES
                self._do_chores()
            return self._hand_out()
        except Exception as error:  # recorded: a worker that stopped would be worse than one that tries again
            if is_outage(error) or isinstance(error, OperationalError):
                log.warning("the database is away: %s", type(error).__name__)
            else:
                log.exception("a worker could not take work and tries again")
        look_at_connection()
        self._idle.wait(DATABASE_AWAY)
        return False

    def _do_chores(self) -> None:
        look_at_connection()  # one that leads to a file of yesterday would find nothing to do for ever
        if self.chores:
            self._wallclock.look()
            reclaim()
            enqueue_due()

    def _hand_out(self) -> bool:
        held = self._held()
        free = min(self.threads - held.quick.total(), MOST_AT_ONCE - held.total)
        if free <= 0:
            self._say_when_full(held)
            return False
        lanes = due_lanes()
        room = {lane.queue: self._room(held, lane.queue) for lane in lanes}
        given = share(lanes, free, room, self._last_queue)
        taken = 0
        for lane, places in given.items():
            started = seconds()
            for job in claim(lane, self.name, places):
                self._start(job, started)
                self._last_queue = lane.queue
                taken += 1
        return taken > 0

    def _room(self, held: Held, queue: str) -> int:
        """How many more jobs of a queue may run here; what is left waits where another worker can take it."""
        if held.long[queue] >= MOST_LONG:
            return 0
        places, bound = max(1, self.threads - 1) - held.quick[queue], most_at_once(queue)
        return places if bound is None else min(places, bound - held.quick[queue] - held.long[queue])

    def _say_when_full(self, held: Held) -> None:
        """A worker whose hands are full of calls that never end looks idle: somebody has to start it again."""
        if held.total < MOST_AT_ONCE or seconds() < self._next_reminder:
            return
        self._next_reminder = seconds() + REMINDER
        late = held.total - held.quick.total() - held.long.total()
        log.warning(
            "%s jobs in hand, %s of them without a lease any more: no more are taken", held.total, late
        )

    def _held(self) -> Held:
        """What this worker holds; there is a thread for each long job beside those for the places."""
        with self._lock:
            held = self._counted()
            missing = self._hands_needed(held) - len(self._hands)
            self._hands += [self._thread(self._work, "job") for _ in range(missing)]
        return held

    def _counted(self) -> Held:
        now, quick, long = seconds(), Counter[str](), Counter[str]()
        for lease, queue in self._running.items():
            if now - lease.started < PROMPT:
                quick[queue] += 1
            elif lease.remaining() > 0:
                long[queue] += 1
        return Held(quick, long, len(self._running))

    def _hands_needed(self, held: Held) -> int:
        return self.threads + held.total - held.quick.total()

    def _start(self, job: Job, started: float) -> None:
        lease = lease_of(job, started)
        with self._lock:
            self._running[lease] = job.queue
        self._jobs.put((job, lease))

    def _work(self) -> None:
        works_until(self._stop)
        while (item := self._jobs.get()) is not None:
            job, lease = item
            try:
                execute(job, lease)
            except (
                Exception
            ):  # recorded: its end could not be written, the lease ends, another attempt follows
                log.exception("job %s (%s) is left to its lease", job.pk, job.task)
            finally:
                look_at_connection()
                surplus = self._finish(lease)
                self._wake.set()
            if surplus:
                break
        connections.close_all()

    def _finish(self, lease: Lease) -> bool:
        """Let go of a job; True when this thread stood beside the places for a long job, and may go."""
        with self._lock:
            self._running.pop(lease, None)
            if len(self._hands) <= self._hands_needed(self._counted()):
                return False
            self._hands.remove(threading.current_thread())
            return True

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT):
            with self._lock:
                leases = [lease for lease in self._running if lease.needs_renewal()]
            for lease in leases:
                _renew(lease)
        connections.close_all()


def _renew(lease: Lease) -> None:
    """Renew a lease; whatever is wrong, the heart beats on, or every lease in this worker's hands would end."""
    look_at_connection()  # in a file that is not the shop's any more the lease would seem to be lost
    try:
        lease.renew()
    except Exception as error:  # recorded
        if is_outage(error) or isinstance(error, OperationalError):
            log.warning("a lease could not be renewed: %s", type(error).__name__)
        else:
            log.exception("a lease could not be renewed")
