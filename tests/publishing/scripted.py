"""A network in this process, for properties over many orders of events: its ledger, and a script of what goes wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from etalage.kit import clock
from etalage.networks.base import (
    Abilities,
    Absent,
    Accepted,
    Account,
    CannotTell,
    ChannelRefused,
    Connected,
    Delivery,
    Entry,
    Found,
    Look,
    Mechanism,
    NotAccepted,
    Outcome,
    Prepared,
    Reason,
    Rejected,
    Rendition,
    Step,
    Unknown,
)

KEY_MEMORY = timedelta(minutes=30)


class Killed(BaseException):
    """The process ends here, as by `kill -9`: nothing catches it."""


@dataclass
class Standing:
    """One post that stands on the network."""

    remote_id: str
    marker: str
    delivery: Delivery
    at: datetime
    text: str


@dataclass
class Play:
    """The network's truth and the faults that wait, one per commit; an empty script means that all goes well.

    `lag`: how long what it accepted is not to be seen.
    """

    entries: list[Standing] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    lag: timedelta = timedelta(0)
    meanwhile: Callable[[], None] = lambda: None
    number: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def count(self, publication_id: object) -> int:
        """How often a publication stands there."""
        return sum(entry.delivery.publication_id == str(publication_id) for entry in self.entries)


PLAY = Play()


def fresh_play() -> Play:
    """Begin anew."""
    PLAY.__init__()  # type: ignore[misc]
    return PLAY


def abilities(mechanism: Mechanism) -> Abilities:
    """What an account with this mechanism can do."""
    memory = KEY_MEMORY if mechanism is Mechanism.IDEMPOTENCY_KEY else None
    return Abilities(500, mechanism, timedelta(seconds=30), key_valid_for=memory)


class ScriptedNetwork:
    """Accepts, loses, refuses and dies as the play says. One entry per key, as each mechanism promises."""

    entry = Entry(asks_address=True, proof="token")

    def connect(self, address: str, handle: str, token: str) -> Connected:
        mechanism = Mechanism(token)
        account = Account("scripted", address, token, handle, handle, mechanism)
        return Connected(account, abilities(mechanism), handle)

    def abilities(self, account: Account) -> Abilities:
        return abilities(Mechanism(account.token))

    def client_key(self, publication_id: str) -> str:
        return f"key-{publication_id}"

    def next_step(self, account: Account, rendition: Rendition, delivery: Delivery) -> Step | None:
        two_phase = account.mechanism is Mechanism.TWO_PHASE
        return Step("draft") if two_phase and "draft" not in delivery.parts else None

    def take_step(
        self, account: Account, rendition: Rendition, delivery: Delivery, step: Step
    ) -> Prepared | Rejected | NotAccepted | Unknown | ChannelRefused:
        return Prepared(step.name, f"draft-{next(PLAY.number)}")

    def commit(self, account: Account, rendition: Rendition, delivery: Delivery) -> Outcome:
        fault = PLAY.script.pop(0) if PLAY.script else "accept"
        PLAY.meanwhile()
        if fault == "killed_before":
            raise Killed
        if fault in REFUSALS:
            return REFUSALS[fault]
        entry = self._accept(account, rendition, delivery)
        if fault == "killed_after":
            raise Killed
        return Unknown(Reason.AMBIGUOUS) if fault == "answer_lost" else Accepted(entry.remote_id)

    def _accept(self, account: Account, rendition: Rendition, delivery: Delivery) -> Standing:
        for entry in PLAY.entries:
            if self._is_same(account, entry, delivery):
                return entry
        entry = Standing(f"post-{next(PLAY.number)}", delivery.marker, delivery, clock.now(), rendition.text)
        PLAY.entries.append(entry)
        return entry

    def _is_same(self, account: Account, entry: Standing, delivery: Delivery) -> bool:
        match account.mechanism:
            case Mechanism.IDEMPOTENCY_KEY:
                alive = clock.now() < entry.at + KEY_MEMORY
                return alive and entry.delivery.idempotency_key == delivery.idempotency_key
            case Mechanism.CLIENT_KEY:
                return entry.delivery.client_key == delivery.client_key
            case Mechanism.TWO_PHASE:
                return entry.delivery.parts["draft"] == delivery.parts["draft"]
        return False

    def look(self, account: Account, delivery: Delivery, since: datetime) -> Look:
        fault = PLAY.looks.pop(0) if PLAY.looks else "see"
        if fault == "killed":
            raise Killed
        if fault == "nonsense":
            return CannotTell(Reason.NONSENSE_ANSWER)
        if fault == "blind" or account.mechanism is Mechanism.NONE:
            return CannotTell(Reason.PLATFORM_DOWN)
        for entry in PLAY.entries:
            if entry.marker == delivery.marker and since <= entry.at <= clock.now() - PLAY.lag:
                return Found(entry.remote_id)
        return Absent()


REFUSALS: dict[str, Outcome] = {
    "lost": Unknown(Reason.AMBIGUOUS),
    "not_accepted": NotAccepted(Reason.PLATFORM_DOWN),
    "rate_limited": NotAccepted(Reason.RATE_LIMITED, retry_after=90.0),
    "rejected": Rejected(Reason.TEXT_INVALID, "too rude"),
    "rejected_oddly": Rejected(Reason.TEXT_INVALID, "too \ud800 rude\0" + "!" * 400),
    "duplicate": Rejected(Reason.DUPLICATE_AT_NETWORK),
    "token_dead": ChannelRefused(Reason.AUTH_DEAD),
}
