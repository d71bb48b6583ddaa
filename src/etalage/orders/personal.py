"""What this room keeps about a person, for export and for the customer's page.

Nothing in these rows tells who somebody was once the customer's own row is empty, so they stay with their sums.
Letters that were kept as files do tell, and go.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from etalage.customers.personal import PersonalData, declare
from etalage.customers.queries import emails_of
from etalage.jobs import enqueue_many
from etalage.kit.letters import address_digests
from etalage.orders.models import Order, Redemption, Refund, Reservation

ERASE_LETTERS = "etalage.orders.tasks.erase_letters"


def declare_personal_data() -> None:
    """Tell the room `customers` what is kept here."""
    declare(PersonalData("orders", _("Orders"), _orders, _counter(Order)))
    declare(PersonalData("refunds", _("Refunds"), _refunds, _counter(Refund)))
    declare(PersonalData("codes", _("Promotion codes used"), _redemptions, _counter(Redemption)))
    declare(
        PersonalData("reservations", _("Reservations"), _reservations, _counter(Reservation), _erase_letters)
    )


def _redemptions(customer_id: UUID) -> list[dict[str, Any]]:
    found = Redemption.objects.filter(customer_id=customer_id).select_related("code", "store")
    return [
        {
            "code": used.code.code,
            "used_at": used.redeemed_at.isoformat(),
            "store": used.store.name if used.store else None,
            "receipt": used.receipt,
            "currency": used.currency,
            "discount_minor": used.discount_minor,
        }
        for used in found
    ]


def _counter(model: type[Order | Redemption | Refund | Reservation]) -> Any:
    def count(customer_id: UUID) -> int:
        return model._default_manager.filter(customer_id=customer_id).count()

    return count


def _erase_letters(customer_id: UUID) -> None:
    """The addresses are read now, while they are known; the files go when the erasure is sure, by a job."""
    if addresses := emails_of(customer_id):
        enqueue_many(ERASE_LETTERS, [[address_digests(addresses)]])


def _orders(customer_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            "source": order.source,
            "number": order.number,
            "placed_at": order.placed_at.isoformat(),
            "status": order.status,
            "store": order.store.name if order.store else None,
            "currency": order.currency,
            "total_minor": order.total_minor,
            "refunded_minor": order.refunded_minor,
            "lines": [
                {
                    "sku": line.sku,
                    "title": line.title,
                    "quantity": line.quantity,
                    "total_minor": line.total_minor,
                }
                for line in order.lines.all()
            ],
        }
        for order in Order.objects.filter(customer_id=customer_id)
        .select_related("store")
        .prefetch_related("lines")
    ]


def _refunds(customer_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            "source": refund.source,
            "number": refund.number,
            "refunded_at": refund.refunded_at.isoformat(),
            "currency": refund.currency,
            "amount_minor": refund.amount_minor,
        }
        for refund in Refund.objects.filter(customer_id=customer_id)
    ]


def _reservations(customer_id: UUID) -> list[dict[str, Any]]:
    found = Reservation.objects.filter(customer_id=customer_id).select_related("store")
    return [
        {
            "code": reservation.code,
            "state": reservation.state,
            "store": reservation.store.name,
            "made_at": reservation.created_at.isoformat(),
            "until": reservation.expires_at.isoformat(),
            "lines": [
                {"sku": line.variant.sku, "quantity": line.quantity, "handed_over": line.handed_over}
                for line in reservation.lines.all()
            ],
        }
        for reservation in found.prefetch_related("lines__variant")
    ]
