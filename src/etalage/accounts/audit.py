"""The audit trail: who did what, written in the same transaction as the deed."""

from __future__ import annotations

from typing import Any

from django.db import models

from etalage.accounts.models import AuditEntry, Member


def record(actor: Member | None, action: str, thing: models.Model, **details: Any) -> AuditEntry:
    """Add one entry. `action` is a verb such as `post.approved`; `details` hold no secrets and no personal data.

    `actor` None means Etalage itself, such as an expired reservation.
    """
    return AuditEntry.objects.create(
        member=actor,
        actor=str(actor) if actor else "Etalage",
        action=action,
        kind=thing._meta.label_lower,
        object_id=str(thing.pk),
        label=str(thing)[:200],
        details=details,
    )
