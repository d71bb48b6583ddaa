"""Reads about the business, its stores and members."""

from __future__ import annotations

from django.db.models import QuerySet

from etalage.accounts.models import AuditEntry, Business, Member, Store


def current_business() -> Business:
    """The business of this installation.

    Raises Business.DoesNotExist before `etalage init` has made it.
    """
    return Business.objects.get()


def open_stores() -> QuerySet[Store]:
    """Stores that are not closed for good, by name."""
    return Store.objects.filter(closed_at=None)


def reservation_stores() -> QuerySet[Store]:
    """Stores in which customers may reserve."""
    return open_stores().filter(takes_reservations=True)


def all_members() -> QuerySet[Member]:
    """Everybody who works here, with their store."""
    return Member.objects.select_related("store")


def audit_trail(before: str | None = None, size: int = 50) -> list[AuditEntry]:
    """The newest entries first; `before` is the id of the last one already seen."""
    entries = AuditEntry.objects.order_by("-id")
    if before:
        entries = entries.filter(id__lt=before)
    return list(entries[:size])
