"""Who may deliver to the edge: each channel's own secret, from a memory that is read anew every few seconds.

The edge asks on its event loop, so that the database is read in a thread beside it, once for all who wait. A channel
without a secret is refused; while the database is away or says nothing, what was known `STALE_S` seconds ago still
serves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connections

from etalage.channels.models import ChannelState, Listening
from etalage.edge.reader import Reader
from etalage.edge.signatures import Reason, Verdict, judge, refused
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Dated, Receiver

log = logging.getLogger(__name__)

FRESH_S = 5.0
ABSENT_S = 0.5
STALE_S = 3600.0
WAIT_S = 1.0  # for a reading, where what was known may serve
LONGEST_WAIT_S = 10.0  # and where it may not: then the sender is told to come again
SIGNED = (Reason.GENUINE, Reason.LATE)  # one of the secrets fits, and another one would not


@dataclass(frozen=True)
class Known:
    """What a delivery to one channel is checked against."""

    connector: Receiver
    secrets: tuple[str, ...] = field(repr=False)
    dated: Dated | None = None  # the connector, where its network signs the moment too


Memory = Mapping[tuple[str, str], Known]


class Secrets(NamedTuple):
    """What was so when the reading began, by the clock of `kit.clock.elapsed`."""

    known: Memory
    at: float


class HookVerifier:
    """See `edge.signatures.Verifier`. A new secret counts within `ABSENT_S` seconds, an old one for `FRESH_S` more.

    So it is while the database answers. Where it fails or says nothing, the secrets of up to `STALE_S` ago serve: a
    delivery that one of them signed waits for `WAIT_S` at most, and for the next `FRESH_S` none does. One that none of
    them signed may be signed with a secret that was agreed since: it waits longer, and then comes again.
    """

    def __init__(self) -> None:
        self._secrets = Secrets({}, float("-inf"))
        self._begun_at = self._failed_at = float("-inf")
        self._reading: asyncio.Future[Secrets] | None = None
        self._fault: BaseException | None = None  # of the last reading
        self._reader = Reader("edge-hooks")

    def __call__(
        self, network: str, key: str, headers: Mapping[str, str], raw: bytes, /
    ) -> Verdict | Awaitable[Verdict]:
        """Judge one delivery; from memory at once where it is fresh.

        Whoever is refused by it is judged once more by a new reading, because a new secret may have been agreed
        meanwhile; `ABSENT_S` after the last one at the soonest, however many come.
        """
        self._take_in()
        known, now = self._secrets.known.get((network, key)), clock.elapsed()
        asked_at = max(self._secrets.at, self._failed_at) if self._may_serve(known, now) else self._secrets.at
        if now - asked_at < (FRESH_S if known else ABSENT_S):
            judged = verdict(known, headers, raw)
            if judged.reason in SIGNED or now - self._secrets.at < ABSENT_S:
                return judged
        return self._after_reading(network, key, headers, raw)

    def close(self) -> None:
        """Stop the reading thread; one that hangs is left to itself after seconds."""
        self._reader.close()

    async def _after_reading(self, network: str, key: str, headers: Mapping[str, str], raw: bytes) -> Verdict:
        came_at, place = clock.elapsed(), (network, key)
        known = self._secrets.known.get(place)
        serves = self._may_serve(known, came_at) and verdict(known, headers, raw).reason in SIGNED
        try:
            secrets = await self._read(WAIT_S if serves else LONGEST_WAIT_S)
            judged = verdict(secrets.known.get(place), headers, raw)
            if judged.reason in SIGNED or came_at - secrets.at < ABSENT_S:
                return judged
            secrets = await self._read(LONGEST_WAIT_S)  # that one may have begun before its secret was agreed
        except Exception:
            failed_before, self._failed_at = self._failed_at, clock.elapsed()
            if not serves:
                raise  # the edge answers 503, and the network comes again
            if self._failed_at - failed_before >= FRESH_S:
                log.warning("the secrets of the channels cannot be read now; the last known ones serve")
            self._take_in()  # of two readings the first may have succeeded: what it took away serves no more
            return verdict(self._secrets.known.get(place), headers, raw)
        return verdict(secrets.known.get(place), headers, raw)

    async def _read(self, within_s: float) -> Secrets:
        """Wait for the reading in hand, or a new one, until so many seconds after its beginning.

        Counted from there, so that nobody waits any more for one that hangs; and one that failed is not followed by
        another at once, however many come. Raises TimeoutError, or what it raised.
        """
        self._take_in()
        if self._reading is None:
            if self._begun_at > self._secrets.at and clock.elapsed() - self._begun_at < ABSENT_S:
                raise TimeoutError("the secrets could not be read a moment ago") from self._fault
            self._begun_at = clock.elapsed()
            self._reading = self._reader.read(_secrets_of_now)
            self._reading.add_done_callback(self._take_in)
        async with asyncio.timeout(max(0.0, self._begun_at + within_s - clock.elapsed())):
            return await asyncio.shield(self._reading)

    def _may_serve(self, known: Known | None, now: float) -> bool:
        return known is not None and now - self._secrets.at <= STALE_S

    def _take_in(self, _done: object = None) -> None:
        """Remember what the reading in hand has found, as soon as it is done: not only when the loop comes to it."""
        reading = self._reading
        if reading is None or not reading.done():
            return
        self._reading = None
        self._fault = None if reading.cancelled() else reading.exception()
        if not reading.cancelled() and self._fault is None:
            self._secrets = reading.result()


def _secrets_of_now() -> Secrets:
    at = clock.elapsed()
    return Secrets(read_hooks(), at)


def verdict(known: Known | None, headers: Mapping[str, str], raw: bytes) -> Verdict:
    """Genuine when one of the channel's secrets signed these bytes, just now where the network signs the moment too.

    What tells a repeated delivery is the digest of the signed bytes: an id in a header is signed by nobody.
    """
    if known is None:
        return refused(Reason.UNKNOWN)
    moment = known.dated.signed_at(headers) if known.dated else None
    judged = refused(Reason.SECRET_UNSET)
    for secret in known.secrets:
        judged = judge(secret, known.connector.verify, headers, raw, moment=moment)
        if judged.reason in SIGNED:
            break
    return judged


def read_hooks() -> Memory:
    """The secrets of all channels that are not given up. Runs in a thread that keeps no connection."""
    try:
        rows = Listening.objects.exclude(channel__state=ChannelState.DISCONNECTED).select_related("channel")
        return {
            (row.channel.network, row.channel.pk.hex): Known(
                connector, _secrets_of(row), connector if isinstance(connector, Dated) else None
            )
            for row in rows
            if isinstance(connector := registry.find(row.channel.network), Receiver)
        }
    finally:
        connections.close_all()


def _secrets_of(row: Listening) -> tuple[str, ...]:
    return tuple(str(secret) for secret in (row.secret, row.secret_before) if secret)
