"""What people did to a post, out of the audit trail."""

from __future__ import annotations

from uuid import UUID

from etalage.accounts.models import AuditEntry

SHOWN = 40


def post_history(post_id: UUID, size: int = SHOWN) -> list[AuditEntry]:
    """The newest deeds first."""
    rows = AuditEntry.objects.filter(kind="publishing.post", object_id=str(post_id))
    return list(rows.order_by("-id")[:size])
