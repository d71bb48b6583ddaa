"""What this room does when others, or its own parts, announce something."""

from __future__ import annotations

from django.db import transaction

from etalage.customers.events import CustomersMerged
from etalage.jobs.handlers import on
from etalage.orders.actions.people import repoint_customer
from etalage.orders.actions.redeem import join_redemptions, receipts_waiting
from etalage.orders.events import OrderPaid, OrdersChanged
from etalage.orders.importing.sales import announce_moved, announce_orders
from etalage.orders.importing.settling import Touched, settle


@on(CustomersMerged)
def follow_a_merger(event: CustomersMerged) -> None:
    """What belonged to the merged customer belongs to the one that stays; notes of one find sales of the other."""
    with transaction.atomic():
        repoint_customer(event.merged_id, event.kept_id)
        settled = settle(Touched({event.kept_id}, set(), []))
        announce_orders(settled.orders)
        announce_moved(settled.loose)


@on(OrderPaid)
def join_codes_by_receipt(event: OrderPaid) -> None:
    """A code used at the till before its order was known finds it now."""
    join_redemptions(event.order_id)


@on(OrdersChanged)
def join_codes_by_receipts(event: OrdersChanged) -> None:
    """The same for sales read from a file."""
    for order_id in receipts_waiting(event.order_ids):
        join_redemptions(order_id)
