"""Browsers whose people agreed to be recognised: remembered, joined to a customer, forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse

from etalage.customers.actions.consent import give_consent, withdraw_consent
from etalage.customers.events import VisitorRecognised
from etalage.customers.models import Purpose, Visitor
from etalage.customers.visitor_token import COOKIE, MAX_AGE_SECONDS, sign, visitor_key
from etalage.jobs.outbox import announce
from etalage.kit.ids import uuid7


@dataclass(frozen=True)
class VisitorCookie:
    """What to set in the browser of somebody who agreed."""

    visitor_id: UUID
    value: str

    def set_on(self, response: HttpResponse) -> None:
        """Set the cookie: only for this site, not readable by scripts, for half a year."""
        response.set_cookie(
            COOKIE,
            self.value,
            max_age=MAX_AGE_SECONDS,
            secure=settings.SECURE_HTTPS,
            httponly=True,
            samesite="Lax",
        )


@transaction.atomic
def remember_visitor(visitor_id: UUID | None, *, wording: str, source: str) -> VisitorCookie:
    """Keep the consent of a browser (a new visitor when `visitor_id` is None) and return its cookie."""
    visitor, _ = Visitor.objects.get_or_create(pk=visitor_id or uuid7())
    give_consent(Purpose.CREDIT, wording=wording, source=source, visitor_id=visitor.pk)
    return VisitorCookie(visitor.pk, sign(visitor.pk, visitor_key(settings.SECRET_KEY)))


@transaction.atomic
def attach_visitor(visitor_id: UUID, customer_id: UUID) -> bool:
    """Note that this browser is this customer's; True when that is news.

    A browser shared by several people belongs to the one seen last. Unknown visitors are ignored: they never agreed.
    """
    changed = (
        Visitor.objects.filter(pk=visitor_id).exclude(customer_id=customer_id).update(customer_id=customer_id)
    )
    if changed:
        announce(VisitorRecognised(visitor_id=visitor_id, customer_id=customer_id))
    return bool(changed)


@transaction.atomic
def forget_visitor(visitor_id: UUID) -> None:
    """Take back a browser's consent and its tie to a customer; the caller deletes the cookie."""
    withdraw_consent(Purpose.CREDIT, visitor_id=visitor_id)
    Visitor.objects.filter(pk=visitor_id).update(customer=None)
