"""Background work for owner and manager: what waits, what runs, what failed and why; try again or drop."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from etalage.accounts import audit
from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.jobs import actions, queries
from etalage.web.jobs_page.sections import SECTIONS, section_named


@require_safe
@require(Role.MANAGER)
def overview(request: StaffRequest) -> HttpResponse:
    """The chosen section; htmx gets the moving part alone."""
    chosen = section_named(request.GET.get("state"))
    queues = queries.queue_states()
    tabs = [
        {
            "label": section.label,
            "url": f"?state={section.name}",
            "current": section is chosen,
            "count": section.count(queues),
        }
        for section in SECTIONS
    ]
    context = {"tabs": tabs, "section": chosen, "queues": queues, "here": request.get_full_path()}
    partial = "HX-Request" in request.headers
    return render(request, "jobs/pane.html" if partial else "jobs/list.html", context | chosen.fill(request))


@require_POST
@require(Role.MANAGER)
def retry(request: StaffRequest, job_id: UUID) -> HttpResponse:
    """Let a failed job run again."""
    with transaction.atomic():
        audit.record(request.user, "job.retried", actions.retry_job(job_id))
    messages.success(request, _("The work is tried again."))
    return HttpResponseRedirect(reverse("jobs:list"))


@require_POST
@require(Role.MANAGER)
def retry_kind(request: StaffRequest) -> HttpResponse:
    """Let the failed jobs of one kind run again."""
    task = request.POST.get("task", "")[:200]
    with transaction.atomic():
        count = actions.retry_kind(task)
        audit.record(request.user, "job.kind_retried", current_business(), task=task, count=count)
    sentence = ngettext(
        "%(count)d piece of work is tried again.", "%(count)d pieces of work are tried again.", count
    )
    messages.success(request, sentence % {"count": count})
    return HttpResponseRedirect(reverse("jobs:list"))


@require_POST
@require(Role.MANAGER)
def drop(request: StaffRequest, job_id: UUID) -> HttpResponse:
    """Remove a failed job for good."""
    with transaction.atomic():
        audit.record(request.user, "job.dropped", actions.drop_job(job_id))
    messages.success(request, _("The work was dropped."))
    return HttpResponseRedirect(reverse("jobs:list"))
