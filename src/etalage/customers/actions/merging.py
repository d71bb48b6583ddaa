"""Two rows turn out to be one person: the newer becomes part of the older."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from etalage.accounts.audit import record
from etalage.customers.events import CustomersMerged
from etalage.customers.models import Consent, Customer, Identity, Purpose, Visitor
from etalage.jobs.outbox import announce
from etalage.kit import clock


class Gone(Exception):
    """Who was found is erased, or another one by now: take back all that was written, hand on, look again."""

    def __init__(self, customer_ids: Iterable[UUID]) -> None:
        self.customer_ids = tuple(customer_ids)


@transaction.atomic
def merge_customers(one_id: UUID, other_id: UUID) -> UUID:
    """Make two customers one and return the id that is kept: the older one's.

    Identities, visitors and consents move here; rooms above re-point their own rows and recompute credit when they
    hear CustomersMerged. The newer row stays as a signpost, so that an id kept elsewhere still finds the person.
    Raises Gone when one of them is erased: what is left of an erased customer is nobody's.
    """
    kept_id, merged_id = sorted((one_id, other_id))
    if kept_id == merged_id:
        return kept_id
    rows = {
        row.pk: row
        for row in Customer.objects.select_for_update().order_by("id").filter(pk__in=(one_id, other_id))
    }
    kept, merged = rows[kept_id], rows[merged_id]
    if erased := [row.pk for row in rows.values() if row.erased_at]:
        raise Gone(erased)
    if kept.merged_into_id or merged.merged_into_id:  # another transaction was faster
        for row in rows.values():
            if row.merged_into_id:
                Identity.objects.filter(customer_id=row.pk).update(customer_id=row.merged_into_id)
        return merge_customers(kept.merged_into_id or kept_id, merged.merged_into_id or merged_id)
    Identity.objects.filter(customer_id=merged_id).update(customer_id=kept_id)
    Visitor.objects.filter(customer_id=merged_id).update(customer_id=kept_id)
    Customer.objects.filter(merged_into_id=merged_id).update(merged_into_id=kept_id)
    for purpose in Purpose.values:
        _unite_consents(kept_id, merged_id, purpose, clock.now())
    Customer.objects.filter(pk=kept_id).update(
        name=kept.name or merged.name, language=kept.language or merged.language
    )
    Customer.objects.filter(pk=merged_id).update(name="", merged_into_id=kept_id)
    record(None, "customer.merged", kept, merged=str(merged_id))
    announce(CustomersMerged(kept_id=kept_id, merged_id=merged_id))
    return kept_id


def _unite_consents(kept_id: UUID, merged_id: UUID, purpose: str, now: datetime) -> None:
    """Join what both said about one purpose: the last word of the person stands, one running yes at most."""
    both = Consent.objects.filter(customer_id__in=(kept_id, merged_id), purpose=purpose)
    last_no = both.aggregate(last=Max("withdrawn_at"))["last"]
    running = list(both.filter(withdrawn_at=None).order_by("-given_at"))
    standing = [row for row in running if not last_no or row.given_at > last_no][:1]
    for row in running:
        if row not in standing:
            Consent.objects.filter(pk=row.pk).update(withdrawn_at=last_no or now)
    Consent.objects.filter(customer_id=merged_id, purpose=purpose).update(customer_id=kept_id)
