"""Background work for owner and manager: what waits, what runs, what failed and why; try again or drop."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from etalage.accounts import audit
from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.jobs import actions, queries
from etalage.jobs.models import State
from etalage.jobs.queries import QueueState

SHOWN = (State.DEAD, State.RUNNING, State.WAITING)


@require_safe
@require(Role.MANAGER)
def overview(request: StaffRequest) -> HttpResponse:
    """The queues and one page of the jobs in the chosen state; htmx gets the moving part alone."""
    chosen = request.GET.get("state")
    state = State(chosen) if chosen in SHOWN else State.DEAD
    page = queries.jobs_in(state, _id(request.GET.get("after", "")), queries.PAGE + 1)
    jobs, more = page[: queries.PAGE], len(page) > queries.PAGE
    queues = queries.queue_states()
    context = {
        "queues": queues,
        "tabs": _tabs(state, queues),
        "state": state,
        "jobs": jobs,
        "here": request.get_full_path(),
        "newer_url": f"?state={state}" if "after" in request.GET else "",
        "older_url": f"?state={state}&after={jobs[-1].pk}" if more else "",
    }
    partial = "HX-Request" in request.headers
    return render(request, "jobs/pane.html" if partial else "jobs/list.html", context)


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
def drop(request: StaffRequest, job_id: UUID) -> HttpResponse:
    """Remove a failed job for good."""
    with transaction.atomic():
        audit.record(request.user, "job.dropped", actions.drop_job(job_id))
    messages.success(request, _("The work was dropped."))
    return HttpResponseRedirect(reverse("jobs:list"))


def _tabs(current: State, queues: list[QueueState]) -> list[dict[str, Any]]:
    counts = {
        State.DEAD: sum(queue.dead for queue in queues),
        State.RUNNING: sum(queue.running for queue in queues),
        State.WAITING: sum(queue.waiting for queue in queues),
    }
    return [
        {"label": state.label, "url": f"?state={state}", "current": state == current, "count": counts[state]}
        for state in SHOWN
    ]


def _id(text: str) -> UUID | None:
    """The place to read on from; a text that is no id begins at the start."""
    try:
        return UUID(text)
    except ValueError:
        return None
