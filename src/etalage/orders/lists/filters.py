"""From an address to the sales that it asks for. What cannot be read is left out, never an error."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import QueryDict

from etalage.accounts.queries import current_business
from etalage.kit import clock
from etalage.orders.models import OrderStatus, Place
from etalage.orders.queries.orders import OrderFilter


def order_filter(asked: QueryDict) -> OrderFilter:
    """`from` and `to` are days of the business, both included; `store`, `status`, `place`, and `q` for the number."""
    zone = clock.zone(current_business().timezone)
    first, last = day(asked.get("from", "")), day(asked.get("to", ""))
    return OrderFilter(
        since=clock.day_bounds(first, zone)[0] if first else None,
        until=clock.day_bounds(last, zone)[1] if last else None,
        store_id=_uuid(asked.get("store", "")),
        status=_among(asked.get("status", ""), OrderStatus.values),
        place=_among(asked.get("place", ""), Place.values),
        number=asked.get("q", "").replace("\0", "").strip()[:80],
    )


def day(text: str) -> date | None:
    """A day as a browser sends it; None for anything else, and for days before which nobody sold."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2100 else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _among(text: str, values: list[str]) -> str:
    return text if text in values else ""
