"""The reservations of all stores, for staff."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import open_stores
from etalage.orders.counter.desk import store_choice
from etalage.orders.models import ReservationState
from etalage.orders.queries.reservations import PAGE, reservations_page


@require_safe
@require(Role.COUNTER)
def reservations(request: StaffRequest) -> HttpResponse:
    """Reservations, the newest first; `state` and `store` choose, `after` goes on."""
    state = request.GET.get("state", "")
    state = state if state in ReservationState.values else ""
    store_id = store_choice(request)
    found = reservations_page(state=state, store_id=store_id, after=_uuid(request.GET.get("after", "")))
    page, more = found[:PAGE], found[PAGE:]
    context = {
        "reservations": page,
        "after": page[-1].pk if more else None,
        "state": state,
        "states": ReservationState.choices,
        "store_id": store_id,
        "stores": open_stores(),
    }
    return render(request, "orders/counter/reservations.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
