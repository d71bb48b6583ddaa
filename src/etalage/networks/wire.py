"""What every network's answers share: whether a request went out at all, and whether JSON came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from etalage.kit import clock
from etalage.kit.addresses import is_named_inside
from etalage.kit.http_network import Answer, AnswerLost, NetworkClient, NotSent
from etalage.kit.text import storable
from etalage.networks import inside
from etalage.networks.base import ChannelRefused, CouldNotRead, NotAccepted, Reason, Rejected, Unknown

Read = TypeVar("Read")
Failure = Rejected | NotAccepted | Unknown | ChannelRefused

LONGEST_ID = 200  # characters of an id, or of an account's name, that we keep
LONGEST_URL = 500
LONGEST_WAIT = 86_400.0  # seconds

#: Reasons of `NotSent` that a person has to mend; all others are the road to the network.
_OWN_FAULTS = {
    "address_not_listed": Reason.MISCONFIGURED,
    "bad_request": Reason.MISCONFIGURED,
    "inside_address": Reason.INSIDE_ADDRESS,
}


def client_for(origin: str) -> NetworkClient:
    """A client for this server alone: a public one over https, or one inside that the installation names.

    Raises `NotSent` for any other address. One that is inside by its very name is not even looked up, so that the
    answer does not tell what is there.
    """
    is_own = inside.may_be_inside(origin)
    try:
        if not is_own and is_named_inside(urlsplit(origin).hostname or ""):
            raise NotSent("inside_address")
        if not is_own and not origin.startswith("https://"):
            raise NotSent("address_not_listed")  # a token never travels in the open
        return NetworkClient(frozenset({origin}), origin, public_only=not is_own)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotSent("bad_request") from error


def not_sent(error: NotSent) -> NotAccepted:
    """The request never left: it may be sent again."""
    return NotAccepted(_OWN_FAULTS.get(error.reason, Reason.UNREACHABLE), detail=error.reason)


def lost(error: AnswerLost) -> Unknown:
    """The request left and its answer did not come."""
    return Unknown(Reason.AMBIGUOUS, error.reason)


def unread(
    error: NotSent | AnswerLost | Answer, failure: Callable[[Answer], Failure]
) -> CouldNotRead | ChannelRefused:
    """Why a read gave nothing, by what `failure` says of an answer. A read leaves no doubt behind."""
    if isinstance(error, NotSent):
        return CouldNotRead(not_sent(error).reason, detail=error.reason)
    if isinstance(error, AnswerLost):
        return CouldNotRead(Reason.UNREACHABLE, detail=error.reason)
    if error.ok:
        return CouldNotRead(Reason.NONSENSE_ANSWER, detail=f"HTTP {error.status}")
    found = failure(error)
    if isinstance(found, ChannelRefused):
        return found
    wait = found.retry_after if isinstance(found, NotAccepted) else None
    reason = Reason.PLATFORM_DOWN if found.reason is Reason.AMBIGUOUS else found.reason
    return CouldNotRead(reason, wait, found.detail)


@dataclass
class SecondTries:
    """For one read of many pages: a page that came as nonsense is asked for once more.

    One odd answer does not undo the pages before it. `left`: how many pages in all, so that a server that is slow and
    odd does not hold up a look for longer than whoever looks may take.
    """

    left: int = 3

    def read(self, ask: Callable[[], Read]) -> Read:
        """What `ask` gives, at the second try where the first one gave nonsense."""
        read = ask()
        is_odd = isinstance(read, CouldNotRead) and read.reason is Reason.NONSENSE_ANSWER
        if not is_odd or not self.left:
            return read
        self.left -= 1
        return ask()


def retry_after(answer: Answer, anew: datetime | None = None) -> float | None:
    """Seconds to wait, at most a day: as `Retry-After` says (RFC 9110), else until a spent allowance begins anew."""
    said = answer.headers.get("retry-after", "")
    if said.isdecimal():
        return min(float(said), LONGEST_WAIT)
    try:
        end = parsedate_to_datetime(said) if said else anew
        # Waits must not hang on two clocks that differ.
        wait = (end - its_time(answer)).total_seconds() if end else None
    except (ValueError, TypeError, OverflowError):
        return None
    return None if wait is None else min(max(wait, 1.0), LONGEST_WAIT)


def its_time(answer: Answer) -> datetime:
    """What time it is for the server, as its answer says; else what time it is here."""
    try:
        return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return clock.now()


def json_of(answer: Answer) -> Any:
    """The JSON of an answer, its texts storable; None when there is none."""
    try:
        return _storable(answer.json())
    except (ValueError, RecursionError):
        return None


def _storable(value: Any) -> Any:
    """The same JSON with texts that can be stored, sent on and hashed."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {storable(name): _storable(one) for name, one in value.items()}
    return value


def object_of(answer: Answer) -> dict[str, Any] | None:
    """The JSON object of an answer, or None when it is not the network's language."""
    data = json_of(answer)
    return data if isinstance(data, dict) else None


def id_of(thing: Any, name: str = "id") -> str:
    """The id in a JSON object; empty for what is none, or is longer than any that we can keep."""
    found = thing.get(name) if isinstance(thing, Mapping) else None
    return found if isinstance(found, str) and len(found) <= LONGEST_ID else ""


def text_of(thing: Mapping[str, Any], name: str) -> str:
    """The text of that name; empty for anything else."""
    found = thing.get(name)
    return found if isinstance(found, str) else ""


def texts_of(thing: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The list of texts of that name; empty for anything else."""
    found = thing.get(name)
    is_one = isinstance(found, list) and all(isinstance(one, str) for one in found)
    return tuple(found) if is_one else ()  # type: ignore[arg-type]


def whole(value: Any) -> int | None:
    """A whole number as the network gave it; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def web_address(thing: Mapping[str, Any], name: str = "url") -> str:
    """Where a person can see a thing: a web address, and no other that a browser would run; else empty."""
    found = thing.get(name)
    is_one = (
        isinstance(found, str) and found.startswith(("https://", "http://")) and len(found) <= LONGEST_URL
    )
    return str(found) if is_one else ""
