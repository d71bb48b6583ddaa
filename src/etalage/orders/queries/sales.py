"""Reads of single sales, for the pages that tell of them."""

from __future__ import annotations

from uuid import UUID

from etalage.orders.models import Order, OrderStatus


def find_sale(order_id: UUID) -> Order:
    """One sale with its store. Raises Order.DoesNotExist."""
    return Order.objects.select_related("store").get(pk=order_id)


def recent_sales(size: int = 5) -> list[Order]:
    """The newest sales that were not cancelled, each with its store. One query."""
    sales = Order.objects.filter(status=OrderStatus.PAID).select_related("store")
    return list(sales.order_by("-placed_at", "-id")[:size])
