"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class PublicationPublished:
    """A network accepted a publication; it stands there now."""

    publication_id: UUID


@dataclass(frozen=True)
class PublicationRejected:
    """A network refused a publication for good; its page says why and what to do."""

    publication_id: UUID


@dataclass(frozen=True)
class PublicationExpired:
    """A publication did not go out in time and will not go out late."""

    publication_id: UUID


@dataclass(frozen=True)
class PublicationNeedsPerson:
    """Nobody can know whether a publication stands on the network: a person must look and decide."""

    publication_id: UUID


@dataclass(frozen=True)
class PublicationDoubled:
    """A second copy of one publication was seen on the network, under `remote_id`.

    `is_younger`: it came to stand there after the copy that the publication names.
    """

    publication_id: UUID
    remote_id: str
    is_younger: bool = True
