"""What a network can answer: outcomes that decide what may be done next, tokens, what came in, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from etalage.kit.redact import redact
from etalage.kit.text import storable
from etalage.networks.abilities import Abilities

if TYPE_CHECKING:
    from etalage.networks.base import Account

LONGEST_DETAIL = 300  # characters


class _Told:
    """What a network told: a definite answer must not fail to be written, so its texts are storable from the start.

    A detail is shown and kept: a network that repeats the token it was given has it taken out here.
    """

    def __post_init__(self) -> None:
        for name, value in list(vars(self).items()):
            if type(value) is str:  # and no StrEnum
                text = redact(storable(value))[:LONGEST_DETAIL] if name == "detail" else storable(value)
                object.__setattr__(self, name, text)
            elif isinstance(value, tuple) and all(type(one) is str for one in value):
                object.__setattr__(self, name, tuple(map(storable, value)))


class Reason(StrEnum):
    """Why, on structured fields of the answer, in classes that say what to do. Never a message's words."""

    AUTH_DEAD = "auth_dead"  # connect the channel again
    PERMISSION_MISSING = "permission_missing"  # grant the missing right at the network
    ACCOUNT_UNKNOWN = "account_unknown"  # nobody goes by this name there
    ACCOUNT_OTHER = "account_other"  # somebody else said yes than the one who was named
    WHOLE_ACCOUNT = "whole_account"  # give an app password, not the account's own
    NEEDS_HUMAN_AT_NETWORK = "needs_human_at_network"  # the owner must confirm something there
    TEXT_INVALID = "text_invalid"  # change the text
    MEDIA_INVALID = "media_invalid"  # change the picture
    MEDIA_UNFETCHABLE = "media_unfetchable"  # the network could not load our picture's public address
    DUPLICATE_AT_NETWORK = "duplicate_at_network"  # it says that it has this already: look first
    POLICY_REJECTED = "policy_rejected"  # the network's rules forbid it
    NO_WITHDRAWAL = "no_withdrawal"  # nothing is taken away there by a program: do it at the network
    NO_EDITING = "no_editing"  # nothing is changed there by a program
    GONE = "gone"  # what we speak of exists there no more
    RATE_LIMITED = "rate_limited"  # wait
    QUOTA_MONEY = "quota_money"  # a paid allowance is used up
    PLATFORM_DOWN = "platform_down"  # the network says that it is out of order
    UNREACHABLE = "unreachable"  # no connection was made: nothing was sent
    MISCONFIGURED = "misconfigured"  # address, application or public URL is wrong
    INSIDE_ADDRESS = "inside_address"  # inside the shop's own walls, where nobody named it: nothing was sent
    NONSENSE_ANSWER = "nonsense_answer"  # an answer that is not the network's language
    AMBIGUOUS = "ambiguous"  # sent, and no answer that decides
    UNKNOWN = "unknown"  # an answer that this connector does not know; never disconnects a channel


@dataclass(frozen=True)
class Accepted(_Told):
    """The network has it, under this id."""

    remote_id: str
    url: str | None = None


@dataclass(frozen=True)
class Rejected(_Told):
    """The network refuses this publication for good; `detail` is its own short explanation, bounded."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True)
class NotAccepted(_Told):
    """Provably not accepted: it may be sent again, after `retry_after` seconds when the network said so."""

    reason: Reason
    retry_after: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Unknown(_Told):
    """Perhaps accepted. Never a failure, never simply sent again: look first, or ask a person."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True)
class ChannelRefused(_Told):
    """The account is refused (token dead, right missing): the channel pauses, its publications wait."""

    reason: Reason
    detail: str = ""


Outcome = Accepted | Rejected | NotAccepted | Unknown | ChannelRefused


@dataclass(frozen=True)
class Step:
    """To be done before the visible act: an upload, a remote draft. Repeating it is never visible."""

    name: str


@dataclass(frozen=True)
class Prepared(_Told):
    """A step was done: commit `remote_id` under `part_name` in `Delivery.parts` before the next step."""

    part_name: str
    remote_id: str


@dataclass(frozen=True)
class Found(_Told):
    """The publication stands on the network under this id."""

    remote_id: str
    url: str | None = None


@dataclass(frozen=True)
class Absent:
    """Not there, over a window that surely covers the asked time. Two of these, `settle` apart, are proof."""


@dataclass(frozen=True)
class CannotTell(_Told):
    """The look decided nothing."""

    reason: Reason
    detail: str = ""


Look = Found | Absent | CannotTell


@dataclass(frozen=True)
class CouldNotRead(_Told):
    """A read failed. Reads change nothing, so they may be repeated after `retry_after` seconds."""

    reason: Reason
    retry_after: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Tokens(_Told):
    """What lets us act for an account. `refresh` renews `access`; an empty one never overwrites a stored one.

    `memory` is the connector's own and comes back to it as the account's: what the tokens are bound to.
    """

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: datetime | None = None  # of `access`; None: the network names no end
    scopes: tuple[str, ...] = ()
    memory: str = field(default="", repr=False)


@dataclass(frozen=True)
class Connected(_Told):
    """A verified account and what it can do. Without `tokens`, the account's token is all there is."""

    account: Account
    abilities: Abilities
    name: str = ""
    tokens: Tokens | None = None
    profile_url: str = ""


@dataclass(frozen=True)
class Client:
    """This installation, as it introduces itself: a page at its public address, and the key behind that page."""

    page: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Authorization:
    """Where a person is sent to say yes (`url`), and what we must remember until they come back.

    `state` is the single-use secret inside `url`. `memory` may hold secrets: it is stored encrypted.
    """

    url: str
    state: str = field(repr=False)
    memory: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Entry:
    """What a person gives to connect an account, so that a form can ask for just that."""

    asks_address: bool  # of an instance; else `address` is the only one
    address: str = ""  # what stands in the field before anything was typed
    asks_handle: bool = False
    proof: str = ""  # typed: "token" or "app_password"; empty where nothing is
    by_authorization: bool = False  # the account's owner says yes at the network itself


class ReceivedKind(StrEnum):
    """What somebody did towards us."""

    COMMENT = "comment"
    MESSAGE = "message"
    MENTION = "mention"
    LIKE = "like"
    SHARE = "share"
    FOLLOW = "follow"
    REVIEW = "review"
    REMOVED = "removed"  # the thing named by `remote_id` was taken away by its author


@dataclass(frozen=True)
class Received(_Told):
    """One thing that came in, by push or by poll; (`kind`, `remote_id`) is unique per account."""

    kind: ReceivedKind
    remote_id: str
    author_id: str
    author_handle: str
    author_name: str
    at: datetime
    text: str = ""
    language: str = ""
    on_remote_id: str = ""  # the post of ours that it belongs to
    in_reply_to: str = ""  # the comment or message that it answers
    url: str = ""


@dataclass(frozen=True)
class Page(_Told):
    """A piece of the incoming stream, oldest first; hand `cursor` back next time. `more`: ask again now.

    `odd` are rows that could not be read, each as its JSON: they are kept for people to see, and the cursor moves on.
    """

    items: tuple[Received, ...]
    cursor: str
    more: bool = False
    odd: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """A figure as the network gave it at that time. None: the network did not say, which is not a zero."""

    remote_id: str
    name: str
    value: int | None
    at: datetime
