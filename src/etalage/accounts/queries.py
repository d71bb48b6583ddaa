"""Reads about the business, its stores and members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
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


def has_second_steps(member: Member) -> bool:
    """Whether the member has a passkey, an authenticator or recovery codes."""
    return Authenticator.objects.filter(user=member).exists()


@dataclass(frozen=True)
class SecondSteps:
    """With what a member can take the second step of signing in."""

    passkey: bool
    app: bool
    codes: bool


def second_steps(member: Member) -> SecondSteps:
    """What the member has: a passkey, an authenticator app, recovery codes."""
    types = set(Authenticator.objects.filter(user=member).values_list("type", flat=True))
    kind = Authenticator.Type
    return SecondSteps(kind.WEBAUTHN in types, kind.TOTP in types, kind.RECOVERY_CODES in types)


@dataclass(frozen=True)
class TrailChoice:
    """Which entries of the trail to show; what is not given narrows nothing."""

    member_id: UUID | None = None
    by: str | None = None  # BY_ITSELF or BY_CUSTOMER: only what no member did
    actions: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


def audit_trail(
    before: UUID | None = None, size: int = 50, choice: TrailChoice | None = None
) -> list[AuditEntry]:
    """The newest entries first; `before` is the id of the last one already seen."""
    choice = choice or TrailChoice()
    wanted: dict[str, object] = {
        "id__lt": before,
        "member_id": choice.member_id,
        "member__isnull": None if choice.by is None else True,
        "actor": choice.by,
        "action__in": choice.actions,
        "at__gte": choice.since,
        "at__lt": choice.until,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return list(AuditEntry.objects.filter(**given).order_by("-id")[:size])
