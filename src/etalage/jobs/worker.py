"""The worker: threads that run jobs, a heartbeat that keeps their leases, a loop that claims fairly."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections import Counter
from queue import SimpleQueue
from types import FrameType

from django.db import InterfaceError, OperationalError, connection, connections

from etalage.jobs.claim import claim, due_lanes, share
from etalage.jobs.execute import execute, lease_of
from etalage.jobs.idle import run_until_idle
from etalage.jobs.lease import Lease
from etalage.jobs.leaseclock import seconds
from etalage.jobs.models import Job
from etalage.jobs.schedule import enqueue_due
from etalage.jobs.settle import reclaim
from etalage.jobs.wake import sleeper
from etalage.kit.ids import short_code

__all__ = ["Worker", "run_until_idle", "serve"]

log = logging.getLogger(__name__)
BEAT = 0.25
CHORES = 1.0
DATABASE_AWAY = 1.0
MOST_HANGING = 32


class Worker:
    """Runs jobs in `threads` threads. Any number of workers may run, in one process or many.

    `poll`: seconds between looks when there is nothing to do; jobs enqueued in this process wake it at once.
    `grace`: seconds that `run` waits for the work at hand once it was asked to stop.
    `chores`: also take back the jobs of dead workers and keep the schedule.
    """

    def __init__(
        self, threads: int = 4, poll: float = 0.5, *, grace: float = 60.0, chores: bool = True, name: str = ""
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
        self._last_queue = ""
        self._next_chores = 0.0

    def run(self, stop: threading.Event) -> bool:
        """Work until `stop` is set, then finish the work at hand; False when the grace ran out before."""
        self._hands = [self._thread(self._work, f"job-{number}") for number in range(self.threads)]
        ended = threading.Event()
        heart = self._thread(self._beat, "heartbeat", ended)
        try:
            while not stop.is_set():
                self._wake.clear()
                if not self._turn():
                    self._wake.wait(self.poll)
        finally:
            for _hand in self._hands:
                self._jobs.put(None)
            deadline = seconds() + self.grace
            for hand in self._hands:
                hand.join(max(0.0, deadline - seconds()))
            ended.set()
            heart.join()
            connections.close_all()
        return not any(hand.is_alive() for hand in self._hands)

    def _thread(self, target: object, name: str, *args: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, name=name, daemon=True)  # type: ignore[arg-type]
        thread.start()
        return thread

    def _turn(self) -> bool:
        """Do the chores that are due and hand out jobs; True when there may be more at once."""
        try:
            if self.chores and seconds() >= self._next_chores:
                self._next_chores = seconds() + CHORES
                reclaim()
                enqueue_due()
            return self._hand_out()
        except (OperationalError, InterfaceError) as error:
            log.warning("the database is away: %s", type(error).__name__)
        except Exception:  # recorded: a worker that stopped silently would be worse than one that tries again
            log.exception("a worker could not take work and tries again")
        connection.close_if_unusable_or_obsolete()
        self._idle.wait(DATABASE_AWAY)
        return False

    def _hand_out(self) -> bool:
        running = self._held()
        free = self.threads - running.total()
        if free <= 0:
            return False
        given = share(due_lanes(), free, running, max(1, self.threads - 1), self._last_queue)
        taken = 0
        for lane, places in given.items():
            started = seconds()
            for job in claim(lane, self.name, places):
                self._start(job, started)
                self._last_queue = lane.queue
                taken += 1
        return taken > 0

    def _held(self) -> Counter[str]:
        """How many jobs of each queue this worker holds. A thread that hangs beyond its lease is replaced."""
        with self._lock:
            held = Counter(queue for lease, queue in self._running.items() if lease.remaining() > 0)
            hanging = min(len(self._running) - held.total(), MOST_HANGING)
        while len(self._hands) < self.threads + hanging:
            self._hands.append(self._thread(self._work, f"job-{len(self._hands)}"))
        return held

    def _start(self, job: Job, started: float) -> None:
        lease = lease_of(job, started)
        with self._lock:
            self._running[lease] = job.queue
        self._jobs.put((job, lease))

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            job, lease = item
            try:
                execute(job, lease)
            except (
                Exception
            ):  # recorded: its end could not be written, the lease ends, another attempt follows
                log.exception("job %s (%s) is left to its lease", job.pk, job.task)
            finally:
                connection.close_if_unusable_or_obsolete()
                with self._lock:
                    self._running.pop(lease, None)
                self._wake.set()
        connections.close_all()

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT):
            with self._lock:
                leases = [lease for lease in self._running if lease.needs_renewal()]
            for lease in leases:
                try:
                    lease.renew()
                except (OperationalError, InterfaceError) as error:
                    log.warning("a lease could not be renewed: %s", type(error).__name__)
                    connection.close_if_unusable_or_obsolete()
        connections.close_all()


def serve(threads: int = 4, poll: float = 0.5) -> bool:
    """Run a worker in the main thread until SIGTERM or SIGINT; the work at hand is finished first."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    return Worker(threads, poll).run(stop)
