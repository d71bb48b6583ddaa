"""What an answer of a Mastodon server means: its status, its headers and its shape, never its words.

The words come in the language of the account, so they are only shown to people.
"""

from __future__ import annotations

import re
from datetime import datetime

from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks.base import ChannelRefused, CouldNotRead, NotAccepted, Reason, Rejected, Unknown
from etalage.networks.wire import Failure, object_of, retry_after, unread

_CHANGING = re.compile(r"[0-9]{10}(?=[0-9a-f]{32}\Z)")


def lasting(status_id: str) -> str:
    """A status's id as it stays.

    snac begins each with the second of the last change, and finds the status by the rest, whatever stands before it.
    """
    return _CHANGING.sub("0" * 10, status_id, count=1)


def error_of(answer: Answer) -> str | None:
    """The server's own short explanation; None where the server's API did not speak, but a page or a proxy."""
    error = (object_of(answer) or {}).get("error")
    return error if isinstance(error, str) else None


def failure(answer: Answer, invalid: Reason, missing: Reason = Reason.MISCONFIGURED) -> Failure:
    """What an answer means that is not the expected one.

    A refused value (422) has no code that says which one: `invalid` is what this request was about. `missing` is
    what a 404 says here.
    """
    status, detail = answer.status, error_of(answer)
    if status == 429:
        return NotAccepted(Reason.RATE_LIMITED, retry_after(answer, _anew(answer)), detail or "")
    if status == 503 and "retry-after" in answer.headers:
        return NotAccepted(Reason.PLATFORM_DOWN, retry_after(answer, _anew(answer)), detail or "")
    if status >= 500:
        return Unknown(Reason.AMBIGUOUS, f"HTTP {status}")
    if status == 410:
        return ChannelRefused(Reason.NEEDS_HUMAN_AT_NETWORK, detail or "HTTP 410")  # the account is suspended
    if status == 413:
        return Rejected(invalid, detail or "HTTP 413")  # the server in front of Mastodon says this, in HTML
    if status == 401 and (detail is not None or _without_a_word(answer)):
        return ChannelRefused(Reason.AUTH_DEAD, detail or "HTTP 401")
    if not 400 <= status < 500 or detail is None:
        return Unknown(Reason.NONSENSE_ANSWER, f"HTTP {status}")
    if status == 403:
        return ChannelRefused(_forbidden(answer), detail)
    if status in (404, 405) and missing is Reason.MISCONFIGURED:
        # An address where the API is not, for a while or for good: provably not accepted.
        return NotAccepted(missing, detail=detail)
    if status == 404:
        return Rejected(missing, detail)
    return Rejected(invalid if status == 422 else Reason.UNKNOWN, detail)


def _without_a_word(answer: Answer) -> bool:
    """Whether this is how a small server (snac) refuses a token.

    A portal shows a page; a proxy with a password of its own names its scheme (RFC 9110, 11.6.1).
    """
    scheme = answer.headers.get("www-authenticate", "").partition(" ")[0].lower()
    return not answer.body and scheme in ("", "bearer")


def _forbidden(answer: Answer) -> Reason:
    """A right that the token lacks is named in a header (RFC 6750, 3.1); all else is the account's own state."""
    lacks = 'error="insufficient_scope"' in answer.headers.get("www-authenticate", "")
    return Reason.PERMISSION_MISSING if lacks else Reason.NEEDS_HUMAN_AT_NETWORK


def could_not_read(error: NotSent | AnswerLost | Answer) -> CouldNotRead | ChannelRefused:
    """The same for a read, which leaves no doubt behind."""
    return unread(error, lambda answer: failure(answer, Reason.UNKNOWN, Reason.GONE))


def _anew(answer: Answer) -> datetime | None:
    """When an allowance that is spent begins anew."""
    if answer.headers.get("x-ratelimit-remaining") != "0":
        return None
    try:
        return datetime.fromisoformat(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
