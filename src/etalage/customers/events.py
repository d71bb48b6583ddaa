"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class CustomersMerged:
    """Two rows were one person. Whatever points to `merged_id` now belongs to `kept_id`."""

    kept_id: UUID
    merged_id: UUID


@dataclass(frozen=True)
class CustomerErased:
    """The person asked to be forgotten. The row stays without anything that tells who it was."""

    customer_id: UUID
    visitor_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class VisitorRecognised:
    """A browser, seen with consent, turned out to be this customer's."""

    visitor_id: UUID
    customer_id: UUID


@dataclass(frozen=True)
class ConsentGiven:
    """Somebody agreed to `purpose`; customer or visitor is set."""

    purpose: str
    customer_id: UUID | None = None
    visitor_id: UUID | None = None


@dataclass(frozen=True)
class ConsentWithdrawn:
    """Somebody took a consent back; what was kept for that purpose has to go."""

    purpose: str
    customer_id: UUID | None = None
    visitor_id: UUID | None = None
