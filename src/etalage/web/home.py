"""The start page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require


@require_safe
@require(Role.COUNTER)
def today(request: StaffRequest) -> HttpResponse:
    """What needs me, what sold, what next."""
    return render(request, "web/home.html")
