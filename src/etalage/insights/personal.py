"""What insights keeps about a person, for access and erasure (GDPR articles 15 and 17)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from etalage.customers.personal import PersonalData, declare
from etalage.insights.models import Touch
from etalage.kit import clock


def export(customer_id: UUID) -> list[dict[str, Any]]:
    """The customer's visits, as plain values."""
    touches = Touch.objects.filter(customer=customer_id).select_related("link").order_by("ts_us")
    return [
        {
            "kind": touch.kind,
            "at": clock.from_micros(touch.ts_us).isoformat(),
            "link": touch.link.code if touch.link else "",
        }
        for touch in touches
    ]


def declare_personal_data() -> None:
    """Make the visits known to the customer's export and page. Erasure empties them on `CustomerErased`."""
    declare(
        PersonalData(
            name="visits",
            label=_("Visits"),
            export=export,
            count=lambda customer_id: Touch.objects.filter(customer=customer_id).count(),
        )
    )
