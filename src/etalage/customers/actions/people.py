"""Finding a person by what they are known by, or making them known: safe when many ask at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from etalage.customers.actions.merging import Gone, merge_customers
from etalage.customers.identities import Known, normal_identities
from etalage.customers.models import Customer, Identity
from etalage.customers.queries import calling_code


@transaction.atomic
def find_or_create(name: str, identities: Sequence[Known], language: str = "") -> Customer:
    """The customer known by any of `identities` (pairs of kind and value, in any form); a new one if none is.

    Every identity is theirs afterwards. Identities of two customers make them one: only hand in pairs that belong
    together for sure, such as a row of the shop's own system, never two fields that a stranger filled in.
    An empty name or language of a known customer is completed, a filled one kept.
    Raises ValueError when no identity is usable, Gone when they were erased in that very moment.
    """
    known = sorted(normal_identities(identities, calling_code()))
    if not known:
        raise ValueError("a customer is known by at least one e-mail address, phone or number")
    owners = _owners(known)
    fresh = None if owners else Customer.objects.create(name=name.strip()[:160], language=language)
    claimant = owners[0] if owners else fresh.pk  # type: ignore[union-attr]
    # The unique constraint decides between two who register the same identity at the same moment:
    # the second insert waits for the first, does nothing, and the next look finds the winner.
    rows = [Identity(customer_id=claimant, kind=kind, value=value) for kind, value in known]
    Identity.objects.bulk_create(rows, ignore_conflicts=True)
    owners = _owners(known)
    if fresh and fresh.pk not in owners:
        fresh.delete()
    kept = owners[0]
    for other in owners[1:]:
        kept = merge_customers(kept, other)
    return _completed(kept, name, language)


def attach_identity(customer_id: UUID, kind: str, value: str) -> bool:
    """Give the customer a further identity unless it is somebody's already; True when it is theirs now."""
    known = normal_identities([(kind, value)], calling_code())
    if not known:
        return False
    row = Identity(customer_id=customer_id, kind=known[0][0], value=known[0][1])
    Identity.objects.bulk_create([row], ignore_conflicts=True)
    return Identity.objects.filter(customer_id=customer_id, kind=row.kind, value=row.value).exists()


@transaction.atomic
def hand_on_identities(customer_ids: Iterable[UUID]) -> None:
    """Take from erased or merged customers what was written for them in that very moment.

    Whom a merged customer became has it then, and nobody an erased one's.
    """
    for customer in Customer.objects.select_for_update().filter(pk__in=list(customer_ids)).order_by("id"):
        late = Identity.objects.filter(customer_id=customer.pk)
        if customer.erased_at:
            late.delete()
            Customer.objects.filter(pk=customer.pk).update(name="", language="")
        elif customer.merged_into_id:
            late.update(customer_id=customer.merged_into_id)


def _owners(known: Sequence[Known]) -> list[UUID]:
    """The customers of these identities, the oldest first."""
    wanted = Q()
    for kind, value in known:
        wanted |= Q(kind=kind, value=value)
    return sorted(set(Identity.objects.filter(wanted).values_list("customer_id", flat=True)))


def _completed(customer_id: UUID, name: str, language: str) -> Customer:
    """Locked until the caller is through, so that nobody erases or merges them while they are being named.

    The lock comes after the identities, as everywhere, and lets foreign keys pass (`no_key`).
    """
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    if customer.merged_into_id and not customer.erased_at:
        hand_on_identities([customer_id])
        return _completed(customer.merged_into_id, name, language)
    missing = {
        field: value
        for field, value in (("name", name.strip()[:160]), ("language", language))
        if value and not getattr(customer, field)
    }
    if customer.erased_at:
        raise Gone([customer_id])
    if missing:
        Customer.objects.filter(pk=customer_id).update(**missing)
        customer.refresh_from_db()
    return customer
