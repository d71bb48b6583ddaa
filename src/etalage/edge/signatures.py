"""Verdicts on what claims to come from a network. Closed unless somebody proves that it is genuine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from etalage.kit import clock

WINDOW_S = 300  # signed longer ago than this, or for later: as Slack and Standard Webhooks have it
_MOST_DIGITS = 12


class Reason(StrEnum):
    """Why a delivery was accepted or not."""

    GENUINE = "genuine"
    UNKNOWN = "unknown"  # no such network or key here
    FORGED = "forged"  # the signature is missing, or does not fit these bytes
    LATE = "late"  # genuine, but signed too long ago or ahead: a clock is wrong, or somebody sends again what he caught
    SECRET_UNSET = "secret_unset"  # we have nothing to check against, so nobody is believed  # noqa: S105


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a verifier. `delivery_id` is the network's own id, None when it has none.

    `keep` names the headers (lower case) that the parser needs; no others are stored: some carry secrets.
    """

    accepted: bool
    delivery_id: str | None = None
    reason: Reason = Reason.GENUINE
    keep: tuple[str, ...] = ()


_GENUINE = Verdict(True)


class Verifier(Protocol):
    """Judges raw bytes. Runs on the event loop: from memory it answers at once, else it returns an awaitable."""

    def __call__(
        self, network: str, key: str, headers: Mapping[str, str], raw: bytes, /
    ) -> Verdict | Awaitable[Verdict]: ...


def judge(
    secret: str,
    verify: Callable[[str, Mapping[str, str], bytes], bool],
    headers: Mapping[str, str],
    raw: bytes,
    *,
    moment: str | None = None,
    delivery_id: str | None = None,
    keep: tuple[str, ...] = (),
) -> Verdict:
    """The verdict of a connector's `verify(secret, headers, raw)`; without a secret it is not even asked.

    `moment` is the one that the signature covers, as it was sent; None where the network signs none. It is looked at
    only once the signature fits, so that whoever has no secret never hears of our clock.
    """
    if not secret.strip():
        return refused(Reason.SECRET_UNSET)
    if not verify(secret, headers, raw):
        return refused(Reason.FORGED)
    if moment is not None and not is_near(moment, clock.now().timestamp()):
        return refused(Reason.LATE)
    return _GENUINE if delivery_id is None and not keep else Verdict(True, delivery_id, Reason.GENUINE, keep)


def is_near(moment: str, now_s: float) -> bool:
    """Whether a moment (whole seconds since 1970, in digits) is at most `WINDOW_S` from now, before or after.

    False for whatever is no such number.
    """
    is_number = moment.isascii() and moment.isdecimal() and len(moment) <= _MOST_DIGITS
    return is_number and abs(now_s - int(moment)) <= WINDOW_S


def refused(reason: Reason) -> Verdict:
    """A verdict that lets nothing in."""
    return Verdict(False, None, reason)


def refuse_all(network: str, key: str, headers: Mapping[str, str], raw: bytes, /) -> Verdict:
    """The verifier of an installation that expects no webhooks."""
    return refused(Reason.UNKNOWN)
