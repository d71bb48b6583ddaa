"""Holding the connections on which networks say at once that something happened: whoever rings is read next.

A stream is a bell and nothing else. What rings is read in the ordinary way, and what rings to nobody is read at the
channel's next turn: so nothing depends on a connection, on the process that holds it, or on the worker's end.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from uuid import UUID

from etalage.channels.models import Channel, ChannelState, Listening
from etalage.channels.queries import ChannelUnusable, account_of, find_channel
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Account, ChannelRefused, CouldNotRead, Reason, Streamer

log = logging.getLogger(__name__)

SHIFT_S = 600.0  # then the job ends, and its next run goes on
LOOK_S = 20.0  # how often it is looked whether channels came or went
BEAT_S = 0.5  # how soon an end is noticed; rings within it are one
WAITS_S = (5.0, 30.0, 120.0, 600.0)  # before a connection that broke is begun again
HELD_S = 60.0  # a connection that lasted this long was a good one
NONE_FOR_S = 3600.0  # a network without a stream is asked again after this long

_silent_until: dict[UUID, float] = {}


def hold_streams(may_go_on: Callable[[], bool], shift: float = SHIFT_S) -> int:
    """Hold a stream for each channel whose network has one, for at most `shift` seconds; how many rings were heard.

    Returns at once when no channel has one. `may_go_on` is asked all the time: a worker that is to end does not wait.
    """
    rung: SimpleQueue[UUID] = SimpleQueue()
    held: dict[UUID, Event] = {}
    rings, until, next_look = 0, clock.elapsed() + shift, 0.0
    try:
        while clock.elapsed() < until and may_go_on():
            if clock.elapsed() >= next_look:
                next_look = clock.elapsed() + LOOK_S
                _follow(held, rung)
            if not held:
                break
            heard = _heard(rung)
            rings += len(heard)
            for channel_id in heard:
                read_soon(channel_id)
    finally:
        for ended in held.values():
            ended.set()
    return rings


def channels_to_stream() -> list[UUID]:
    """Active channels whose networks may have a stream; those that said no are left alone for a while."""
    networks = [name for name in registry.names() if isinstance(registry.get(name), Streamer)]
    rows = Channel.objects.filter(state=ChannelState.ACTIVE, network__in=networks)
    found = list(rows.values_list("pk", flat=True))
    return [key for key in found if _silent_until.get(key, 0.0) <= clock.elapsed()]


def read_soon(channel_id: UUID) -> None:
    """Have a channel read at the next occasion, instead of at its turn.

    One that could not be read waits as long as it has to, whatever rings: its network may have asked for that.
    """
    now = clock.now()
    Listening.objects.filter(pk=channel_id, due_at__gt=now, failures=0).update(due_at=now)


def _heard(rung: SimpleQueue[UUID]) -> set[UUID]:
    """Who rang within a beat."""
    found: set[UUID] = set()
    end = clock.elapsed() + BEAT_S
    while (left := end - clock.elapsed()) > 0:
        try:
            found.add(rung.get(timeout=left))
        except Empty:
            break
    return found


def _follow(held: dict[UUID, Event], rung: SimpleQueue[UUID]) -> None:
    """Begin to listen to channels that came, and stop for those that went."""
    wanted = set(channels_to_stream())
    for channel_id in held.keys() - wanted:
        held.pop(channel_id).set()
    for channel_id in wanted - held.keys():
        try:
            channel = find_channel(channel_id)
            account = account_of(channel)
        except (Channel.DoesNotExist, ChannelUnusable):
            continue  # it went meanwhile, or has no access
        connector = registry.get(channel.network)
        if isinstance(connector, Streamer):
            held[channel_id] = Event()
            words = (connector, account, channel_id, rung, held[channel_id])
            Thread(target=_listen, args=words, name="stream", daemon=True).start()


def _listen(
    connector: Streamer, account: Account, channel_id: UUID, rung: SimpleQueue[UUID], ended: Event
) -> None:
    """In a thread of its own, which knows no database: ring until the end, over as many connections as it takes."""
    tries = 0
    while not ended.is_set():
        begun = clock.elapsed()
        try:
            answer = connector.stream(account, lambda: rung.put(channel_id), ended.is_set)
        except Exception as error:
            log.exception("the stream of a channel broke off")
            answer = CouldNotRead(Reason.UNKNOWN, detail=type(error).__name__)
        if answer is None or isinstance(answer, ChannelRefused):
            # No stream, or none for us: what is wrong with the access shows where it is read, in words. The token may
            # also be one that a person has just replaced.
            was_refused = isinstance(answer, ChannelRefused) and answer.reason is Reason.AUTH_DEAD
            _silent_until[channel_id] = clock.elapsed() + (WAITS_S[-2] if was_refused else NONE_FOR_S)
            return
        tries = 0 if clock.elapsed() - begun > HELD_S else tries + 1
        ended.wait(WAITS_S[min(tries, len(WAITS_S) - 1)] * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
