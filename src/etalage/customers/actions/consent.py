"""A yes to one purpose, kept with the words that were shown; taking it back is as easy (GDPR article 7(3))."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from etalage.customers.events import ConsentGiven, ConsentWithdrawn
from etalage.customers.models import Consent, Purpose, Visitor
from etalage.jobs.outbox import announce
from etalage.kit import clock


@transaction.atomic
def give_consent(
    purpose: Purpose,
    *,
    wording: str,
    source: str,
    customer_id: UUID | None = None,
    visitor_id: UUID | None = None,
) -> bool:
    """Keep a yes of a customer or of a visitor. A yes that already runs stays as it is; True for a new one.

    `wording` is the sentence that was agreed to, as shown; `source` the page or counter where it was.
    """
    if (customer_id is None) == (visitor_id is None):
        raise ValueError("a consent is a customer's or a visitor's")
    row = Consent(
        customer_id=customer_id,
        visitor=visitor_id,
        purpose=purpose,
        wording=wording[:300],
        source=source[:40],
    )
    Consent.objects.bulk_create([row], ignore_conflicts=True)
    if not Consent.objects.filter(pk=row.pk).exists():
        return False
    announce(ConsentGiven(purpose=purpose.value, customer_id=customer_id, visitor_id=visitor_id))
    return True


@transaction.atomic
def withdraw_consent(
    purpose: Purpose, *, customer_id: UUID | None = None, visitor_id: UUID | None = None
) -> bool:
    """End a running yes; the row stays as proof of what was agreed when. True when there was one."""
    if (customer_id is None) == (visitor_id is None):
        raise ValueError("a consent is a customer's or a visitor's")
    whose = Q(customer_id=customer_id) if customer_id else Q(visitor=visitor_id)
    running = Consent.objects.filter(whose, purpose=purpose, withdrawn_at=None)
    if not running.update(withdrawn_at=clock.now()):
        return False
    if customer_id and purpose == Purpose.CREDIT:
        # Their browsers' own yes still runs, but must not lead to this person any more.
        Visitor.objects.filter(customer_id=customer_id).update(customer=None)
    announce(ConsentWithdrawn(purpose=purpose.value, customer_id=customer_id, visitor_id=visitor_id))
    return True
