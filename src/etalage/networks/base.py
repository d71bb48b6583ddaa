"""What Etalage says to a social network and what a network can answer: plain data and small protocols.

A connector implements only the protocols that its network allows. The rest of the program asks `Abilities`
and never guesses. Nothing here knows the database: whoever calls commits each remote id before the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from etalage.networks.abilities import Abilities, Aim, Mechanism, TextUnit
from etalage.networks.answers import (
    Absent,
    Accepted,
    Authorization,
    CannotTell,
    ChannelRefused,
    Client,
    Connected,
    CouldNotRead,
    Entry,
    Found,
    Look,
    Metric,
    NotAccepted,
    Outcome,
    Page,
    Prepared,
    Reason,
    Received,
    ReceivedKind,
    Rejected,
    Step,
    Tokens,
    Unknown,
)

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
    "Client",
    "Connected",
    "Connector",
    "CouldNotRead",
    "Dated",
    "Delivery",
    "Editor",
    "Entry",
    "Found",
    "Introduced",
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
    "Revoker",
    "RowReader",
    "Step",
    "Subscriber",
    "TextUnit",
    "Tokens",
    "Unknown",
    "Worldwide",
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
    # As the account's stored abilities say; None: the connector's usual one.
    mechanism: Mechanism | None = None
    # What the connector keeps beside the token; encrypted at rest.
    memory: str = field(default="", repr=False)


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
    idempotency_key: str  # the same for every attempt that may follow one in doubt
    client_key: str = ""  # what `Publisher.client_key` answered, stored before the first attempt
    parts: Mapping[str, str] = field(default_factory=dict)


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

    def begin(
        self, address: str, redirect_uri: str, *, handle: str = "", client: Client | None = None
    ) -> Authorization | ChannelRefused | NotAccepted:
        """Register at the network where it asks for that, and say where to send the person.

        `handle` is the account that was named; `client` is given to a connector that is `Introduced`.
        """

    def finish(
        self, memory: Mapping[str, str], redirect_uri: str, answer: Mapping[str, str]
    ) -> Connected | ChannelRefused | NotAccepted:
        """Turn what came back in the query (its `state` was checked already) into a verified account."""


@runtime_checkable
class Introduced(Protocol):
    """At its network, whoever asks is known by a page at their own public address (OAuth client metadata)."""

    def can_ask(self, public_address: str) -> bool:
        """Whether an installation at this address can ask an account's owner at all."""

    def new_client_key(self) -> str:
        """A fresh private key for this installation. Kept encrypted; what it began is bound to it."""

    def client_page(self, client: Client, redirect_uri: str) -> dict[str, Any]:
        """What stands on the page: nothing secret."""

    def page_in(self, memory: str) -> str:
        """The page by which we were known when an account's owner said yes; empty where there was none."""


@runtime_checkable
class Renewer(Protocol):
    """Renews tokens that end. The caller holds a lock and commits the answer before anything uses it."""

    def renew(self, account: Account, refresh: str) -> Tokens | CouldNotRead | ChannelRefused:
        """New tokens; a network out of reach is `CouldNotRead` and never a dead account."""


@runtime_checkable
class Revoker(Protocol):
    """Has the network forget tokens that nobody needs any more (RFC 7009)."""

    def revoke(self, account: Account, tokens: Tokens) -> CouldNotRead | ChannelRefused | None:
        """Revoke them, and no others of the same account; None when that is done, or when they open nothing any more.

        Repeating it is harmless.
        """


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
        """True only for bytes signed with this secret (header names in lower case). No secret refuses all.

        When they were signed is not its question: see `Dated`.
        """

    def parse(self, raw: bytes) -> list[Received]:
        """Read verified bytes. Raises `ValueError` when they are not this network's language."""

    def fetch(self, account: Account, cursor: str) -> Page | CouldNotRead | ChannelRefused:
        """The stream after `cursor`; an empty cursor begins at the oldest that the network still shows."""


@runtime_checkable
class Dated(Protocol):
    """Its network signs the moment of sending with the bytes, so that what is sent again later is known by it."""

    def signed_at(self, headers: Mapping[str, str]) -> str:
        """The moment that `Receiver.verify` checks the signature of, in seconds since 1970; empty where there is none.

        As it was sent, and by anybody: whoever asks judges it after the signature.
        """


@runtime_checkable
class Worldwide(Protocol):
    """Says whether its ids of people mean the same person on every server; else they do on one server only."""

    ids_are_global: bool


@runtime_checkable
class RowReader(Protocol):
    """Reads once more what `Receiver.fetch` set aside in `Page.odd`: after an upgrade it may be understood."""

    def read_row(self, account: Account, raw: bytes) -> list[Received]:
        """What one row says; nothing where it says nothing to us. No I/O, so that `account` needs no token.

        Raises `ValueError` when it still cannot be read.
        """


@runtime_checkable
class Streamer(Protocol):
    """Says at once that something happened, over a connection that stays open."""

    def stream(
        self, account: Account, heard: Callable[[], None], ended: Callable[[], bool]
    ) -> CouldNotRead | ChannelRefused | None:
        """Call `heard` when the connection stands and for each thing that happens, until it breaks or `ended` says so.

        None: the network offers no stream to this account. A stream is a bell and no more: what happened is fetched,
        so that what it misses is never missed.
        """


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
