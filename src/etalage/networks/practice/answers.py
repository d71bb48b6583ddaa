"""What an answer of the practice network means: its status and its error's code, never its words."""

from __future__ import annotations

from collections.abc import Mapping

from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks.base import ChannelRefused, CouldNotRead, NotAccepted, Reason, Rejected, Unknown
from etalage.networks.wire import Failure, object_of, retry_after, unread

_REJECTED: Mapping[str, Reason] = {
    "text_too_long": Reason.TEXT_INVALID,
    "text_empty": Reason.TEXT_INVALID,
    "not_text": Reason.TEXT_INVALID,
    "too_many_pictures": Reason.MEDIA_INVALID,
    "media_unknown": Reason.MEDIA_INVALID,
    "media_invalid": Reason.MEDIA_INVALID,
    "media_too_large": Reason.MEDIA_INVALID,
    "media_too_wide": Reason.MEDIA_INVALID,
    "media_ratio": Reason.MEDIA_INVALID,
    "too_large": Reason.MEDIA_INVALID,
    "alt_too_long": Reason.MEDIA_INVALID,
    "key_exists": Reason.DUPLICATE_AT_NETWORK,
    "status_unknown": Reason.GONE,
    "status_gone": Reason.GONE,
    "draft_unknown": Reason.GONE,
    "policy_rejected": Reason.POLICY_REJECTED,
    "use_drafts": Reason.MISCONFIGURED,
    "no_drafts": Reason.MISCONFIGURED,
    "not_json": Reason.MISCONFIGURED,
    "bad_json": Reason.MISCONFIGURED,
    "not_found": Reason.MISCONFIGURED,
    "method_not_allowed": Reason.MISCONFIGURED,
}


def failure(answer: Answer) -> Failure:
    """What an answer means that is not the expected one."""
    code, detail = _error_of(answer)
    if answer.status == 429:
        return NotAccepted(Reason.RATE_LIMITED, retry_after(answer), detail)
    if answer.status == 503 and retry_after(answer) is not None:
        return NotAccepted(Reason.PLATFORM_DOWN, retry_after(answer), detail)
    if answer.status >= 500:
        return Unknown(Reason.AMBIGUOUS, f"HTTP {answer.status}")
    if not 400 <= answer.status < 500 or not code:
        # A proxy or a portal spoke, not the network.
        return Unknown(Reason.NONSENSE_ANSWER, f"HTTP {answer.status}")
    if answer.status == 401:
        return ChannelRefused(Reason.AUTH_DEAD, detail)
    if answer.status == 403:
        return ChannelRefused(Reason.PERMISSION_MISSING, detail)
    return Rejected(_REJECTED.get(code, Reason.UNKNOWN), detail)


def could_not_read(error: NotSent | AnswerLost | Answer) -> CouldNotRead | ChannelRefused:
    """The same for a read, which leaves no doubt behind."""
    return unread(error, failure)


def _error_of(answer: Answer) -> tuple[str, str]:
    """The error's code and its short sentence; empty texts when the answer holds none."""
    error = (object_of(answer) or {}).get("error")
    if not isinstance(error, dict) or not isinstance(error.get("code"), str):
        return "", ""
    return error["code"], str(error.get("message", ""))
