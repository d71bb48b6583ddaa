"""Reads about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from etalage.accounts.models import Business
from etalage.customers.calling_codes import dialled, guess_calling_code
from etalage.customers.identities import normal_identities
from etalage.customers.models import Consent, Customer, Identity, IdentityKind, Purpose, Visitor
from etalage.customers.personal import kinds
from etalage.customers.visitor_token import verify, visitor_key

PAGE = 50


def calling_code() -> str:
    """The calling code for phones written without one, as the business's phone and time zone suggest."""
    business = Business.objects.only("phone", "timezone").first()
    return guess_calling_code(business.phone, business.timezone) if business else ""


def customer(customer_id: UUID) -> Customer:
    """The person with this id, found through a merger too.

    Raises Customer.DoesNotExist.
    """
    found = Customer.objects.select_related("merged_into").get(pk=customer_id)
    return found.merged_into or found


def customers_page(search: str = "", after: UUID | None = None, size: int = PAGE) -> list[Customer]:
    """One more than `size` customers, the newest first, after the one with the id `after`; with their identities.

    `search` is a part of a name, an e-mail address, or the end of one, or a phone or card number.
    """
    people = _living().prefetch_related(Prefetch("identities", Identity.objects.order_by("id")))
    if search.strip():
        people = people.filter(_matches(search.strip()))
    if after:
        people = people.filter(id__lt=after)
    return list(people.order_by("-id")[: size + 1])


def consents_of(customer_id: UUID) -> QuerySet[Consent]:
    """What the customer agreed to, the newest first, withdrawn ones too."""
    return Consent.objects.filter(customer_id=customer_id).order_by("-given_at")


def has_consent(purpose: Purpose, *, customer_id: UUID | None = None, visitor_id: UUID | None = None) -> bool:
    """True when a yes of this customer or of this visitor runs now."""
    whose = Q(visitor=visitor_id) if visitor_id else Q(customer_id=customer_id, customer__isnull=False)
    return Consent.objects.filter(whose, purpose=purpose, withdrawn_at=None).exists()


def took_back(purpose: Purpose, customer_id: UUID) -> bool:
    """True when this customer's last word was no: they said yes once and withdrew it."""
    said = Consent.objects.filter(customer_id=customer_id, purpose=purpose)
    return said.exists() and not said.filter(withdrawn_at=None).exists()


def visitor_of(cookie: str) -> UUID | None:
    """The visitor of a cookie's value: signed by us, and with a consent that still runs."""
    visitor_id = verify(cookie, visitor_key(settings.SECRET_KEY)) if cookie else None
    return visitor_id if visitor_id and has_consent(Purpose.CREDIT, visitor_id=visitor_id) else None


def agreeing_visitors(ids: Iterable[UUID]) -> dict[UUID, Visitor]:
    """Those of these visitors whose consent to link visits and purchases runs now."""
    running = Consent.objects.filter(visitor=OuterRef("pk"), purpose=Purpose.CREDIT, withdrawn_at=None)
    return {visitor.pk: visitor for visitor in Visitor.objects.filter(Exists(running), pk__in=set(ids))}


def email_of(customer_id: UUID) -> str:
    """The e-mail address last learnt of the customer; "" when there is none."""
    return _latest(customer_id, IdentityKind.EMAIL)


def emails_of(customer_id: UUID) -> set[str]:
    """Every e-mail address known of the customer."""
    found = Identity.objects.filter(customer_id=customer_id, kind=IdentityKind.EMAIL)
    return set(found.values_list("value", flat=True))


def phone_of(customer_id: UUID) -> str:
    """The phone last learnt of the customer; "" when there is none."""
    return _latest(customer_id, IdentityKind.PHONE)


def kept_elsewhere(customer_id: UUID) -> list[tuple[str, int]]:
    """What other rooms keep about the customer: the name of each kind, and how many."""
    counted = [(str(kind.label), kind.count(customer_id)) for kind in kinds()]
    return [(label, count) for label, count in counted if count]


def export_customer(customer_id: UUID) -> dict[str, Any]:
    """Everything kept about a customer, as plain values that JSON can hold (GDPR articles 15 and 20)."""
    person = Customer.objects.get(pk=customer_id)
    visitors = list(Visitor.objects.filter(customer=person))
    consents = Consent.objects.filter(
        Q(customer=person) | Q(visitor__in=[visitor.pk for visitor in visitors])
    )
    return {
        "id": str(person.pk),
        "name": person.name,
        "language": person.language,
        "known_since": person.created_at.isoformat(),
        "identities": [{"kind": known.kind, "value": known.value} for known in person.identities.all()],
        "consents": [
            {
                "purpose": consent.purpose,
                "wording": consent.wording,
                "source": consent.source,
                "given_at": consent.given_at.isoformat(),
                "withdrawn_at": consent.withdrawn_at.isoformat() if consent.withdrawn_at else None,
            }
            for consent in consents.order_by("given_at")
        ],
        "browsers": [{"id": str(seen.pk), "since": seen.created_at.isoformat()} for seen in visitors],
        **{kind.name: kind.export(customer_id) for kind in kinds()},
    }


def _living() -> QuerySet[Customer]:
    return Customer.objects.filter(merged_into=None, erased_at=None)


def _matches(search: str) -> Q:
    """Names by any part; identities by their beginning, which an index answers; a phone as it is dialled."""
    found = Q(name__icontains=search)
    starts = Q(value__startswith=search.lower()) | Q(value__startswith=search.upper())
    if len(dialled(search)) >= 4:
        for _kind, value in normal_identities([(IdentityKind.PHONE, search)], calling_code()):
            starts |= Q(value__startswith=value)
    return found | Q(pk__in=Identity.objects.filter(starts).values("customer_id"))


def _latest(customer_id: UUID, kind: str) -> str:
    newest = Identity.objects.filter(customer_id=customer_id, kind=kind).order_by("-id")
    return newest.values_list("value", flat=True).first() or ""
