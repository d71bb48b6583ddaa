"""The page of one publication: its exact state, what it means, its steps, and only the buttons that are safe."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.publishing import queries
from etalage.publishing.links import address_of
from etalage.publishing.views.border import found, wants_part


@require_safe
@require(Role.MEMBER)
def publication(request: StaffRequest, publication_id: UUID) -> HttpResponse:
    """How one post fares on one channel. Members see it; managers decide."""
    detail = found(queries.publication_detail, publication_id)
    context = {
        "detail": detail,
        "publication": detail.publication,
        "safe": detail.safe if request.user.may(Role.MANAGER) else frozenset(),
        "manages": request.user.may(Role.MANAGER),
        "link_address": address_of(detail.link) if detail.link else "",
    }
    part = "publishing/parts/publication_body.html" if wants_part(request) else "publishing/publication.html"
    return render(request, part, context)
