"""Who did what: the audit trail."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from etalage.accounts import queries
from etalage.accounts.forms import TrailForm
from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.tabs import settings_tabs
from etalage.kit.clock import zone

PAGE = 50


@require_safe
@require(Role.MANAGER)
def trail(request: StaffRequest) -> HttpResponse:
    """Who did what, newest first; `who`, `kind`, `since` and `until` narrow it, `before` goes on."""
    form = TrailForm(request.GET)
    choice = form.choice(zone(queries.current_business().timezone))
    before = _uuid(request.GET.get("before", ""))
    entries = queries.audit_trail(before, PAGE + 1, choice)
    page, more = entries[:PAGE], entries[PAGE:]
    wanted = {name: text for name in form.fields if (text := request.GET.get(name, ""))}
    context = {
        "form": form,
        "entries": page,
        "narrowed": bool(wanted),
        "older_url": "?" + urlencode(wanted | {"before": page[-1].pk}) if more else "",
        "newer_url": "?" + urlencode(wanted) if before else "",
        "tabs": settings_tabs(request.user, "trail"),
    }
    return render(request, "accounts/trail.html", context)


def _uuid(text: str) -> UUID | None:
    """The place to read on from; a text that is no id begins at the start."""
    try:
        return UUID(text)
    except ValueError:
        return None
