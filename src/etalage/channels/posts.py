"""What the room above knows of our posts, asked from below: `publishing` declares its book once, when it starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Shown:
    """A post of ours as a page names it: its own first words, and the address of its page here."""

    title: str
    url: str


class PostBook(Protocol):
    """Knows which of our publications stand on a channel."""

    def standing(self, channel_id: UUID, since: datetime) -> Mapping[str, datetime]:
        """When each publication that stands there went out, by the network's id; those after `since` alone."""

    def shown(self, channel_id: UUID, remote_ids: Collection[str]) -> Mapping[str, Shown]:
        """How to name those of them that we know, by the network's id."""


_books: list[PostBook] = []


def declare_book(book: PostBook) -> None:
    """Make the book known; called once by the `AppConfig.ready` of the room that keeps it."""
    _books[:] = [book]


def posts_standing(channel_id: UUID, since: datetime) -> Mapping[str, datetime]:
    """See `PostBook.standing`; nothing where nobody keeps a book."""
    return _books[0].standing(channel_id, since) if _books else {}


def posts_shown(channel_id: UUID, remote_ids: Collection[str]) -> Mapping[str, Shown]:
    """See `PostBook.shown`."""
    return _books[0].shown(channel_id, remote_ids) if _books and remote_ids else {}
