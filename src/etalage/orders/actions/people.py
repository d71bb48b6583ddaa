"""Whose a sale is: changed when two customers turn out to be one."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from etalage.jobs.outbox import announce_many
from etalage.orders.events import OrderChanged
from etalage.orders.models import Order, Redemption, Refund, Reservation


@transaction.atomic
def repoint_customer(from_id: UUID, to_id: UUID) -> int:
    """Give everything of one customer to another; returns how many orders changed hands."""
    orders = list(Order.objects.filter(customer_id=from_id).values_list("pk", flat=True))
    for model in (Order, Refund, Reservation, Redemption):
        model._default_manager.filter(customer_id=from_id).update(customer_id=to_id)
    announce_many(OrderChanged(order_id) for order_id in orders)
    return len(orders)
