"""How the credit of one order arose."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.insights import queries
from etalage.insights.forms import MODEL_NAMES
from etalage.kit.money import Money, total
from etalage.orders.models import Order, OrderStatus
from etalage.orders.queries.sales import find_sale


@require_safe
@require(Role.MEMBER)
def order_credit(request: StaffRequest, order_id: UUID) -> HttpResponse:
    """The visits that led to one order and what each got; htmx gets the part that an order's page shows."""
    try:
        order = find_sale(order_id)
    except Order.DoesNotExist:
        raise Http404 from None
    steps = queries.journey(order_id, get_language() or "en")
    context = {
        "order": order,
        "cancelled": order.status == OrderStatus.CANCELLED,
        "paid": Money(order.total_minor, order.currency),
        "refunded": Money(order.refunded_minor, order.currency),
        "net": Money(order.total_minor - order.refunded_minor, order.currency),
        "steps": steps,
        "names": dict(MODEL_NAMES),
        "sums": {name: total((s.credited[name] for s in steps), order.currency) for name, _ in MODEL_NAMES},
        "lookback_days": current_business().lookback_days,
    }
    part = "HX-Request" in request.headers
    return render(request, "insights/parts/journey.html" if part else "insights/order.html", context)
