"""Forgetting a person (GDPR article 17): nothing is left that tells who it was, and sums stay right."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from etalage.accounts.audit import record
from etalage.accounts.erased import note_erased
from etalage.accounts.models import Member
from etalage.customers.events import CustomerErased
from etalage.customers.models import Consent, Customer, Identity, Visitor
from etalage.customers.personal import erase_elsewhere
from etalage.jobs.outbox import announce
from etalage.kit import clock


@transaction.atomic
def erase_customer(customer_id: UUID, *, actor: Member | None = None) -> bool:
    """Empty a customer and everything personal that the rooms above hold; False when that was done before.

    The row stays, without name, identities, visitors and consents, so that orders keep their sums; it can no
    longer be tied to a person by anything that is stored here.
    """
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    if customer.erased_at:
        return False
    everyone = [customer_id, *customer.merged.values_list("id", flat=True)]
    visitors = tuple(Visitor.objects.filter(customer_id__in=everyone).values_list("id", flat=True))
    erase_elsewhere(customer_id)
    Consent.objects.filter(Q(customer_id__in=everyone) | Q(visitor__in=visitors)).delete()
    Visitor.objects.filter(pk__in=visitors).delete()
    Identity.objects.filter(customer_id__in=everyone).delete()
    Customer.objects.filter(pk__in=everyone).update(name="", language="", erased_at=clock.now())
    record(actor, "customer.erased", customer)
    transaction.on_commit(lambda: note_erased(everyone), robust=True)
    announce(CustomerErased(customer_id=customer_id, visitor_ids=visitors))
    return True
