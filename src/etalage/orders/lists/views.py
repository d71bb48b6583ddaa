"""Sales for staff: the list, one of them, and the list as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from uuid import UUID

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from etalage.accounts.audit import record
from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business, open_stores
from etalage.imports.refused import harmless
from etalage.kit import clock
from etalage.kit.money import Money
from etalage.orders.lists.filters import order_filter
from etalage.orders.models import Order, OrderStatus, Place
from etalage.orders.queries.orders import (
    PAGE,
    Cursor,
    OrderFilter,
    all_orders,
    cursor_of,
    net_of,
    order_sheet,
    orders_page,
)


@require_safe
@require(Role.MEMBER)
def orders(request: StaffRequest) -> HttpResponse:
    """Sales, the latest first; the address chooses which, `after` goes on."""
    which = order_filter(request.GET)
    found = orders_page(which, Cursor.read(request.GET.get("after", "")))
    page, more = found[:PAGE], found[PAGE:]
    context = {
        "rows": [(order, net_of(order)) for order in page],
        "after": str(cursor_of(page[-1])) if more else "",
        "which": which,
        "asked": {key: request.GET.get(key, "") for key in ("from", "to", "q")},
        "filtered": which != OrderFilter(),
        "stores": open_stores(),
        "statuses": OrderStatus.choices,
        "places": Place.choices,
        "may_export": request.user.may(Role.MANAGER),
    }
    return render(request, "orders/lists/orders.html", context)


@require_safe
@require(Role.MEMBER)
def order(request: StaffRequest, order_id: UUID) -> HttpResponse:
    """One sale: what was bought, what went back, and where it came from."""
    try:
        sale = order_sheet(order_id)
    except Order.DoesNotExist:
        raise Http404 from None
    lines = sum(line.total_minor for line in sale.lines.all())
    context = {
        "order": sale,
        "net": net_of(sale),
        "other": Money(sale.total_minor - lines, sale.currency),
        "reservation": getattr(sale, "reservation", None),
        "cancelled": sale.status == OrderStatus.CANCELLED,
    }
    return render(request, "orders/lists/order.html", context)


@require_safe
@require(Role.MANAGER)
def export(request: StaffRequest) -> StreamingHttpResponse:
    """The sales that the list shows, as CSV. It holds no names: customers are exported one by one, on their word."""
    business = current_business()
    record(request.user, "orders.exported", business)
    words = {value: str(label) for value, label in (*Place.choices, *OrderStatus.choices)}
    response = StreamingHttpResponse(
        _lines(order_filter(request.GET), business.timezone, _header(), words),
        content_type="text/csv; charset=utf-8",
    )
    day = clock.local_day(clock.now(), clock.zone(business.timezone))
    response["Content-Disposition"] = f'attachment; filename="orders-{day.isoformat()}.csv"'
    response["Cache-Control"] = "no-store"
    return response


class _Echo:
    """Where the CSV writer writes to: each row comes straight back."""

    def write(self, row: str) -> str:
        return row


def _header() -> list[str]:
    return [
        *(_("Order number"), _("Source"), _("Date"), _("Online or in the store"), _("Store"), _("State")),
        *(_("Currency"), _("Total"), _("Discount"), _("Refunded"), _("Net"), _("Customer")),
    ]


def _lines(which: OrderFilter, timezone: str, header: list[str], words: Mapping[str, str]) -> Iterator[str]:
    """The file, row by row; its words come in the reader's language, which is over by the time rows are asked for."""
    writer, zone = csv.writer(_Echo()), clock.zone(timezone)
    yield "\ufeff" + writer.writerow(header)  # spreadsheets need the mark to read UTF-8
    for sale in all_orders(which):
        amounts = (sale.total_minor, sale.discount_minor, sale.refunded_minor, net_of(sale).minor)
        row = [
            *(
                sale.number,
                sale.source,
                sale.placed_at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
            ),
            *(words[sale.place], sale.store.name if sale.store else "", words[sale.status]),
            *(sale.currency, *(str(Money(minor, sale.currency).decimal) for minor in amounts)),
            str(sale.customer_id or ""),
        ]
        yield writer.writerow([harmless(str(cell)) for cell in row])
