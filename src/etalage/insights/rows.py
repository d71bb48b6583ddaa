# ruff: noqa: S608 - the texts are put together from constants and placeholders only
"""The shop's tables as the credit definition reads them; the one place where SQL depends on the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from etalage.credit.definition import Sources

_COUNTS = "NOT is_bot AND part_of_id IS NULL"
_MICROSECONDS = {
    # Django stores '2026-11-21 19:42:22.123456', and leaves the fraction out when it is zero.
    "sqlite": (
        "CAST(strftime('%%s', substr(placed_at, 1, 19)) AS BIGINT) * 1000000"
        " + CAST(substr(substr(placed_at, 21) || '000000', 1, 6) AS BIGINT)"
    ),
    "postgresql": "CAST(extract(epoch FROM placed_at) * 1000000 AS BIGINT)",
}


def sources(customers: Sequence[UUID], strangers: Sequence[UUID]) -> tuple[Sources, list[Any]]:
    """The definition's tables for the orders of these customers, and for these orders of nobody known.

    Returns the SELECTs and the parameters of their placeholders, in the order of the text.
    """
    of_customers, of_strangers = _marks(customers), _marks(strangers)
    sale = (
        "SELECT id AS order_id, {who} AS customer_id, " + _MICROSECONDS[connection.vendor] + " AS ts_us,"
        " total_minor AS value_minor FROM orders_order WHERE status = 'paid' AND {which}"
    )
    known = sale.format(who="customer_id", which=f"customer_id IN ({of_customers})")
    unknown = sale.format(who="id", which=f"customer_id IS NULL AND id IN ({of_strangers})")
    wanted = f"SELECT id AS customer_id FROM customers_customer WHERE id IN ({of_customers})"
    wanted_strangers = f"SELECT id FROM orders_order WHERE id IN ({of_strangers})"
    people, nobody = [_param(one) for one in customers], [_param(one) for one in strangers]
    named = (
        f"SELECT id AS touch_id, order_id, ts_us FROM insights_touch WHERE order_id IS NOT NULL AND {_COUNTS}"
    )
    return Sources(
        touch=(
            "SELECT id AS touch_id, customer_id, ts_us FROM insights_touch"
            f" WHERE customer_id IS NOT NULL AND order_id IS NULL AND {_COUNTS}"
        ),
        named_touch=named,
        sale=f"{known} UNION ALL {unknown}",
        wanted_customer=f"{wanted} UNION ALL {wanted_strangers}",
    ), [*people, *nobody, *people, *nobody]


def _marks(ids: Sequence[UUID]) -> str:
    return ", ".join(["%s"] * len(ids)) or "NULL"


def _param(identity: UUID) -> Any:
    return identity.hex if connection.vendor == "sqlite" else identity


def as_uuid(value: Any) -> UUID:
    """An id as the driver gives it."""
    return value if isinstance(value, UUID) else UUID(str(value))
