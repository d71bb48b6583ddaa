"""What every network's answers share: whether a request went out at all, and whether JSON came back."""

from __future__ import annotations

from typing import Any

from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks.base import ChannelRefused, NotAccepted, Reason, Rejected, Unknown

Failure = Rejected | NotAccepted | Unknown | ChannelRefused

#: Reasons of `NotSent` that a person has to mend; all others are the road to the network.
_OWN_FAULTS = frozenset({"address_not_listed", "bad_request", "inside_address"})


def not_sent(error: NotSent) -> NotAccepted:
    """The request never left: it may be sent again."""
    reason = Reason.MISCONFIGURED if error.reason in _OWN_FAULTS else Reason.UNREACHABLE
    return NotAccepted(reason, detail=error.reason)


def lost(error: AnswerLost) -> Unknown:
    """The request left and its answer did not come."""
    return Unknown(Reason.AMBIGUOUS, error.reason)


def json_of(answer: Answer) -> Any:
    """The JSON of an answer, None when there is none."""
    try:
        return answer.json()
    except ValueError:
        return None


def object_of(answer: Answer) -> dict[str, Any] | None:
    """The JSON object of an answer, or None when it is not the network's language."""
    data = json_of(answer)
    return data if isinstance(data, dict) else None
