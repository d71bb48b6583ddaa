"""What Etalage says to a social network and what a network can answer: plain data and small protocols.

A connector implements only the protocols that its network allows. The rest of the program asks `Abilities`
and never guesses. Nothing here knows the database: whoever calls commits each remote id before the next step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from etalage.networks.abilities import Abilities, Aim, Mechanism, TextUnit

__all__ = [
    "Abilities",
    "Absent",
    "Accepted",
    "Account",
    "Aim",
    "Authorization",
    "Authorizer",
    "CannotTell",
    "ChannelRefused",
    "Connected",
    "Connector",
    "CouldNotRead",
    "Delivery",
    "Editor",
    "Entry",
    "Found",
    "Look",
    "Measurer",
    "Mechanism",
    "Metric",
    "NotAccepted",
    "Outcome",
    "Page",
    "PictureFile",
    "Prepared",
    "Publisher",
    "Reason",
    "Received",
    "ReceivedKind",
    "Receiver",
    "Rejected",
    "Rendition",
    "Renewer",
    "Step",
    "Subscriber",
    "TextUnit",
    "Tokens",
    "Unknown",
]


# --- What we hand to a network --------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """One connected account. The token never shows in a repr, a log or a traceback."""

    network: str  # the registry's name: "practice", "mastodon", …
    base_url: str  # "https://social.example", without a slash at the end
    token: str = field(repr=False)
    remote_id: str = ""
    handle: str = ""
    mechanism: Mechanism | None = (
        None  # as the account's stored abilities say; None: the connector's usual one
    )


@dataclass(frozen=True)
class PictureFile:
    """A picture already fitted to the network: its bytes, MIME type, alternative text and size in pixels."""

    data: bytes = field(repr=False)
    media_type: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Rendition:
    """What one channel shows: the final text (with its tracked link), pictures in order, the bare link."""

    text: str
    language: str  # "fr", "nl", "ar", "en"
    pictures: tuple[PictureFile, ...] = ()
    link: str = ""


@dataclass(frozen=True)
class Delivery:
    """The durable facts of one publication that make a second attempt recognisable as the same one.

    `parts` maps a step's name to the remote id that was already committed for it.
    """

    publication_id: str
    attempt: int
    marker: str  # our tracked link, one per publication, to be found in the network's copy of the text
    idempotency_key: str  # the same for every attempt
    client_key: str = ""  # what `Publisher.client_key` answered, stored before the first attempt
    parts: Mapping[str, str] = field(default_factory=dict)


# --- What a network can answer --------------------------------------------------------------------


class Reason(StrEnum):
    """Why, on structured fields of the answer, in classes that say what to do. Never a message's words."""

    AUTH_DEAD = "auth_dead"  # connect the channel again
    PERMISSION_MISSING = "permission_missing"  # grant the missing right at the network
    NEEDS_HUMAN_AT_NETWORK = "needs_human_at_network"  # the owner must confirm something there
    TEXT_INVALID = "text_invalid"  # change the text
    MEDIA_INVALID = "media_invalid"  # change the picture
    MEDIA_UNFETCHABLE = "media_unfetchable"  # the network could not load our picture's public address
    DUPLICATE_AT_NETWORK = "duplicate_at_network"  # it says that it has this already: look first
    POLICY_REJECTED = "policy_rejected"  # the network's rules forbid it
    GONE = "gone"  # what we speak of exists there no more
    RATE_LIMITED = "rate_limited"  # wait
    QUOTA_MONEY = "quota_money"  # a paid allowance is used up
    PLATFORM_DOWN = "platform_down"  # the network says that it is out of order
    UNREACHABLE = "unreachable"  # no connection was made: nothing was sent
    MISCONFIGURED = "misconfigured"  # address, application or public URL is wrong
    NONSENSE_ANSWER = "nonsense_answer"  # an answer that is not the network's language
    AMBIGUOUS = "ambiguous"  # sent, and no answer that decides
    UNKNOWN = "unknown"  # an answer that this connector does not know; never disconnects a channel


@dataclass(frozen=True)
class Accepted:
    """The network has it, under this id."""

    remote_id: str
    url: str | None = None


@dataclass(frozen=True)
class Rejected:
    """The network refuses this publication for good; `detail` is its own short explanation, bounded."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True)
class NotAccepted:
    """Provably not accepted: it may be sent again, after `retry_after` seconds when the network said so."""

    reason: Reason
    retry_after: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Unknown:
    """Perhaps accepted. Never a failure, never simply sent again: look first, or ask a person."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True)
class ChannelRefused:
    """The account is refused (token dead, right missing): the channel pauses, its publications wait."""

    reason: Reason
    detail: str = ""


Outcome = Accepted | Rejected | NotAccepted | Unknown | ChannelRefused


@dataclass(frozen=True)
class Step:
    """To be done before the visible act: an upload, a remote draft. Repeating it is never visible."""

    name: str


@dataclass(frozen=True)
class Prepared:
    """A step was done: commit `remote_id` under `part_name` in `Delivery.parts` before the next step."""

    part_name: str
    remote_id: str


@dataclass(frozen=True)
class Found:
    """The publication stands on the network under this id."""

    remote_id: str
    url: str | None = None


@dataclass(frozen=True)
class Absent:
    """Not there, over a window that surely covers the asked time. Two of these, `settle` apart, are proof."""


@dataclass(frozen=True)
class CannotTell:
    """The look decided nothing."""

    reason: Reason
    detail: str = ""


Look = Found | Absent | CannotTell


@dataclass(frozen=True)
class CouldNotRead:
    """A read failed. Reads change nothing, so they may be repeated after `retry_after` seconds."""

    reason: Reason
    retry_after: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Tokens:
    """What lets us act for an account. `refresh` renews `access`; an empty one never overwrites a stored one."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: datetime | None = None  # of `access`; None: the network names no end
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connected:
    """A verified account and what it can do. Without `tokens`, the account's token is all there is."""

    account: Account
    abilities: Abilities
    name: str = ""
    tokens: Tokens | None = None
    profile_url: str = ""


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
class Received:
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
class Page:
    """A piece of the incoming stream, oldest first; hand `cursor` back next time. `more`: ask again now."""

    items: tuple[Received, ...]
    cursor: str
    more: bool = False


@dataclass(frozen=True)
class Metric:
    """A figure as the network gave it at that time. None: the network did not say, which is not a zero."""

    remote_id: str
    name: str
    value: int | None
    at: datetime


# --- What a connector can be ----------------------------------------------------------------------


@runtime_checkable
class Connector(Protocol):
    """Makes an account out of what a person typed."""

    @property
    def entry(self) -> Entry:
        """What a person has to give."""

    def connect(self, address: str, handle: str, token: str) -> Connected | ChannelRefused | NotAccepted:
        """Verify address, handle and token at the network, and say what the account can do."""


@runtime_checkable
class Authorizer(Protocol):
    """Connects an account by asking its owner at the network (OAuth 2.0, RFC 6749, with PKCE, RFC 7636)."""

    def begin(self, address: str, redirect_uri: str) -> Authorization | ChannelRefused | NotAccepted:
        """Register at the network where it asks for that, and say where to send the person."""

    def finish(
        self, memory: Mapping[str, str], redirect_uri: str, answer: Mapping[str, str]
    ) -> Connected | ChannelRefused | NotAccepted:
        """Turn what came back in the query (its `state` was checked already) into a verified account."""


@runtime_checkable
class Renewer(Protocol):
    """Renews tokens that end. The caller holds a lock and commits the answer before anything uses it."""

    def renew(self, account: Account, refresh: str) -> Tokens | CouldNotRead | ChannelRefused:
        """New tokens; a network out of reach is `CouldNotRead` and never a dead account."""


@runtime_checkable
class Publisher(Protocol):
    """Puts a rendition on a network: invisible steps, then exactly one visible act, then looks."""

    def abilities(self, account: Account) -> Abilities | CouldNotRead | ChannelRefused:
        """Ask the network what this account can do now."""

    def client_key(self, publication_id: str) -> str:
        """The record key for this publication where the network lets us choose one, else an empty text.

        Stored with the publication before the first attempt, so that a newer rule harms nobody.
        """

    def next_step(self, account: Account, rendition: Rendition, delivery: Delivery) -> Step | None:
        """The next step that `delivery.parts` does not hold yet, None when all is prepared. No I/O."""

    def take_step(
        self, account: Account, rendition: Rendition, delivery: Delivery, step: Step
    ) -> Prepared | Rejected | NotAccepted | Unknown | ChannelRefused:
        """Do one invisible step. An `Unknown` here may be repeated: at worst an orphan stays unseen."""

    def commit(self, account: Account, rendition: Rendition, delivery: Delivery) -> Outcome:
        """The one visible act: exactly one request, never replayed by the client."""

    def look(self, account: Account, delivery: Delivery, since: datetime) -> Look:
        """Search for this delivery by the network's mechanism; `since` is safely before the first attempt."""


@runtime_checkable
class Editor(Protocol):
    """Changes and takes back what stands there. Both acts are idempotent: an `Unknown` may be repeated."""

    def edit(self, account: Account, remote_id: str, rendition: Rendition, delivery: Delivery) -> Outcome:
        """Replace text and alternative texts; the pictures come from `delivery.parts`."""

    def withdraw(self, account: Account, remote_id: str) -> Outcome:
        """Take the publication away; already gone counts as accepted."""


@runtime_checkable
class Receiver(Protocol):
    """Brings in what people do and say, by push and by poll, into the same shape."""

    def verify(self, secret: str, headers: Mapping[str, str], raw: bytes) -> bool:
        """True only for bytes signed with this secret (header names in lower case). No secret refuses all."""

    def parse(self, raw: bytes) -> list[Received]:
        """Read verified bytes. Raises `ValueError` when they are not this network's language."""

    def fetch(self, account: Account, cursor: str) -> Page | CouldNotRead | ChannelRefused:
        """The stream after `cursor`; an empty cursor begins at the oldest that the network still shows."""


@runtime_checkable
class Subscriber(Protocol):
    """Has the network tell us at once what people do, beside our asking."""

    def subscribe(self, account: Account, address: str, secret: str) -> CouldNotRead | ChannelRefused | None:
        """Ask for signed webhooks at our public address, in place of an earlier wish; None when it is agreed.

        An empty address ends them. Repeating it is harmless.
        """


@runtime_checkable
class Measurer(Protocol):
    """Reads figures of publications."""

    def measure(
        self, account: Account, remote_ids: Sequence[str]
    ) -> list[Metric] | CouldNotRead | ChannelRefused:
        """The figures of these publications now; what is missing comes as None, never as zero."""
