"""The parts of the page of background work: each a tab with a template of its own and what that shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from etalage.channels.queries import dead_letter_count
from etalage.jobs import queries
from etalage.jobs.models import State
from etalage.jobs.queries import QueueState


@dataclass(frozen=True)
class Section:
    """A tab. `fill` reads what its template shows; `count` is the number on the tab, None for none."""

    name: str
    label: Promise
    template: str
    fill: Callable[[HttpRequest], dict[str, Any]]
    count: Callable[[list[QueueState]], int | None]


def failed(request: HttpRequest) -> dict[str, Any]:
    """What will not be tried again unless somebody asks."""
    return {
        **_page(request, State.DEAD),
        "dead_letters": dead_letter_count(),
        "kinds": [kind for kind in queries.failed_kinds() if kind.count > 1],
    }


def waiting(request: HttpRequest) -> dict[str, Any]:
    """What waits for its turn or its time."""
    return _page(request, State.WAITING)


def running(request: HttpRequest) -> dict[str, Any]:
    """What is being done at this moment."""
    return _page(request, State.RUNNING)


def schedule(_request: HttpRequest) -> dict[str, Any]:
    """What is done again and again."""
    return {"entries": queries.schedule()}


def _page(request: HttpRequest, state: State) -> dict[str, Any]:
    page = queries.jobs_in(state, _id(request.GET.get("after", "")), queries.PAGE + 1)
    jobs, more = page[: queries.PAGE], len(page) > queries.PAGE
    return {
        "jobs": jobs,
        "newer_url": f"?state={state}" if "after" in request.GET else "",
        "older_url": f"?state={state}&after={jobs[-1].pk}" if more else "",
    }


def _id(text: str) -> UUID | None:
    """The place to read on from; a text that is no id begins at the start."""
    try:
        return UUID(text)
    except ValueError:
        return None


SECTIONS: tuple[Section, ...] = (
    Section("dead", _("Failed"), "jobs/failed.html", failed, lambda queues: sum(q.dead for q in queues)),
    Section(
        "running", _("Running"), "jobs/running.html", running, lambda queues: sum(q.running for q in queues)
    ),
    Section(
        "waiting", _("Waiting"), "jobs/waiting.html", waiting, lambda queues: sum(q.waiting for q in queues)
    ),
    Section("schedule", _("Timetable"), "jobs/schedule.html", schedule, lambda _queues: None),
)


def section_named(name: str | None) -> Section:
    """The section of that name; the first for any other."""
    return next((section for section in SECTIONS if section.name == name), SECTIONS[0])
