"""What an answer of a server means: its status and its `error` field (atproto.com/specs/xrpc), never its words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks import wire
from etalage.networks.base import ChannelRefused, CouldNotRead, NotAccepted, Reason, Rejected, Unknown
from etalage.networks.wire import Failure, object_of, unread

_FURTHEST = 1 << 33  # seconds since 1970

_REFUSED_ACCOUNT: Mapping[str, Reason] = {
    "AuthMissing": Reason.AUTH_DEAD,
    "AuthenticationRequired": Reason.AUTH_DEAD,
    "InvalidToken": Reason.AUTH_DEAD,
    "ExpiredToken": Reason.AUTH_DEAD,
    "AccountNotFound": Reason.AUTH_DEAD,
    "invalid_dpop_proof": Reason.MISCONFIGURED,  # our clock is wrong by minutes, or somebody changed the address
    "InsufficientScope": Reason.PERMISSION_MISSING,
    "ScopeMissingError": Reason.PERMISSION_MISSING,
    "AuthFactorTokenRequired": Reason.NEEDS_HUMAN_AT_NETWORK,
    "AccountTakedown": Reason.NEEDS_HUMAN_AT_NETWORK,
    "AccountDeactivated": Reason.NEEDS_HUMAN_AT_NETWORK,
    "AccountSuspended": Reason.NEEDS_HUMAN_AT_NETWORK,
    "RepoTakendown": Reason.NEEDS_HUMAN_AT_NETWORK,
    "RepoDeactivated": Reason.NEEDS_HUMAN_AT_NETWORK,
}
_REJECTED: Mapping[str, Reason] = {
    "BlobNotFound": Reason.MEDIA_INVALID,
    "BlobTooLarge": Reason.MEDIA_INVALID,
    "InvalidMimeType": Reason.MEDIA_INVALID,
    "InvalidSize": Reason.MEDIA_INVALID,
    "PayloadTooLarge": Reason.MEDIA_INVALID,
    "InvalidSwap": Reason.DUPLICATE_AT_NETWORK,
    "RecordNotFound": Reason.GONE,
    "HandleNotFound": Reason.GONE,
    "NotFound": Reason.GONE,
    "XRPCNotSupported": Reason.MISCONFIGURED,
}


def error_of(answer: Answer) -> str:
    """The error's name; empty when the answer holds none."""
    error = (object_of(answer) or {}).get("error")
    return error if isinstance(error, str) else ""


def failure(answer: Answer) -> Failure:
    """What an answer means that is not the expected one."""
    code = error_of(answer)
    if answer.status == 429:
        return NotAccepted(Reason.RATE_LIMITED, retry_after(answer), code)
    if answer.status >= 500:
        return Unknown(Reason.AMBIGUOUS, f"HTTP {answer.status} {code}".strip())
    if not 400 <= answer.status < 500 or not code:
        # A proxy or a portal spoke, not the network.
        return Unknown(Reason.NONSENSE_ANSWER, f"HTTP {answer.status}")
    if code == "use_dpop_nonce":  # refused before it was looked at, and we have given the nonce that we got
        return NotAccepted(Reason.PLATFORM_DOWN, None, code)
    if code in _REFUSED_ACCOUNT:
        return ChannelRefused(_REFUSED_ACCOUNT[code], code)
    if answer.status == 401:
        return ChannelRefused(Reason.AUTH_DEAD, code)
    return Rejected(_REJECTED.get(code, Reason.UNKNOWN), _detail(answer, code))


def could_not_read(error: NotSent | AnswerLost | Answer) -> CouldNotRead | ChannelRefused:
    """The same for a read, which leaves no doubt behind."""
    return unread(error, failure)


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait; `ratelimit-reset` is a moment in seconds since 1970."""
    reset = answer.headers.get("ratelimit-reset", "")
    anew = datetime.fromtimestamp(min(float(reset), _FURTHEST), UTC) if reset.isdecimal() else None
    return wire.retry_after(answer, anew)


def _detail(answer: Answer, code: str) -> str:
    """The network's own short explanation, for a person to read; nothing decides by it."""
    message = (object_of(answer) or {}).get("message")
    return message if isinstance(message, str) and message else code
