"""What one post sold."""

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
from etalage.insights.labels import labels_of
from etalage.insights.models import Grouping
from etalage.publishing.models import Post


@require_safe
@require(Role.MEMBER)
def post(request: StaffRequest, post_id: UUID) -> HttpResponse:
    """Visits, orders and credited sales of one post; htmx gets the part that the post's own page shows."""
    try:
        found = queries.post_results(post_id)
    except Post.DoesNotExist:
        raise Http404 from None
    label = labels_of(Grouping.POST, [post_id], get_language() or "en")[post_id]
    models = [(name, found.credited[key]) for key, name in MODEL_NAMES]
    lookback = current_business().lookback_days
    context = {"label": label, "found": found, "models": models, "lookback_days": lookback}
    part = "HX-Request" in request.headers
    return render(request, "insights/parts/post_results.html" if part else "insights/post.html", context)
