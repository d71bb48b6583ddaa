"""The start page: what needs me, what sold, what next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from etalage.accounts.models import Business, Member, Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.kit import clock
from etalage.web.today.addresses import address
from etalage.web.today.coming import what_comes
from etalage.web.today.needs import needs_of
from etalage.web.today.sold import what_sold
from etalage.web.today.start import first_steps

Pane = Callable[[Member], dict[str, Any]]


def _needs(member: Member) -> dict[str, Any]:
    return {"needs": needs_of(member)}


def _sold(member: Member) -> dict[str, Any]:
    return {"sold": what_sold()}


def _coming(member: Member) -> dict[str, Any]:
    return {"coming": what_comes(), "compose_url": address("publishing:compose")}


PANES: dict[str, tuple[Role, Pane]] = {
    "needs": (Role.COUNTER, _needs),
    "sold": (Role.MEMBER, _sold),
    "coming": (Role.MEMBER, _coming),
}


@require_safe
@require(Role.COUNTER)
def today(request: StaffRequest) -> HttpResponse:
    """The whole page; with `pane` htmx gets one part of it alone. The counter sees the counter's tasks."""
    allowed = {name: pane for name, (role, pane) in PANES.items() if request.user.may(role)}
    business = Business.objects.first()
    if business is None:
        return render(request, "web/home.html", {"day": clock.now()})
    name = request.GET.get("pane", "")
    if "HX-Request" in request.headers and name in allowed:
        return render(request, f"web/today/{name}.html", allowed[name](request.user))
    context: dict[str, Any] = {
        "day": clock.local_day(clock.now(), clock.zone(business.timezone)),
        "panes": list(allowed),
        "steps": first_steps(request.user) if request.user.may(Role.MEMBER) else [],
    }
    for pane in allowed.values():
        context |= pane(request.user)
    return render(request, "web/home.html", context)
