"""The audit trail: who did what, written in the same transaction as the deed."""

from __future__ import annotations

from typing import Any, Literal

from django.db import models

from etalage.accounts.models import BY_CUSTOMER, BY_ITSELF, AuditEntry, Member


def record(
    actor: Member | Literal["customer"] | None, action: str, thing: models.Model, **details: Any
) -> AuditEntry:
    """Add one entry. `action` is a verb such as `post.approved`; `details` hold no secrets and no personal data.

    `actor` "customer" is somebody in the public shop: which of them is not told, since the trail outlives an erasure.
    None means Etalage itself, or whoever runs its machine.
    """
    member = actor if isinstance(actor, Member) else None
    return AuditEntry.objects.create(
        member=member,
        actor=str(member) if member else BY_CUSTOMER if actor else BY_ITSELF,
        action=action,
        kind=thing._meta.label_lower,
        object_id=str(thing.pk),
        label=str(thing)[:200],
        details=details,
    )
