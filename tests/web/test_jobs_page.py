"""The page of background work: who sees it, what it says, what its buttons do and write down."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from etalage.accounts.models import AuditEntry
from etalage.jobs import enqueue_many
from etalage.jobs.models import Job, State
from etalage.jobs.worker import run_until_idle
from tests.jobs import work

Clients = dict[str, Client]


def dead_job() -> Job:
    work.fail.enqueue("x")
    run_until_idle(raising=False)
    return Job.objects.get(state=State.DEAD)


def test_a_manager_sees_what_failed_and_why(signed_in: Clients) -> None:
    dead_job()
    page = signed_in["manager"].get(reverse("jobs:list")).content.decode()
    assert "the shop said no" in page
    assert "3 attempts of 3" in page
    assert "abcdefgh12345678" not in page


@pytest.mark.parametrize("role", ["member", "counter"])
def test_background_work_is_not_for_every_member(signed_in: Clients, role: str) -> None:
    job = dead_job()
    assert signed_in[role].get(reverse("jobs:list")).status_code == 403
    for route in ("jobs:retry", "jobs:drop"):
        assert signed_in[role].post(reverse(route, args=[job.pk])).status_code == 403
    assert Job.objects.get().state == State.DEAD


def test_trying_again_puts_the_job_back_and_writes_down_who_did_it(signed_in: Clients) -> None:
    job = dead_job()
    answer = signed_in["owner"].post(reverse("jobs:retry", args=[job.pk]))
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("jobs:list"))
    assert Job.objects.get().state == State.WAITING
    entry = AuditEntry.objects.get(action="job.retried")
    assert (entry.object_id, entry.label) == (str(job.pk), "tests.jobs.work.fail")


def test_dropping_removes_the_job_and_writes_down_who_did_it(signed_in: Clients) -> None:
    job = dead_job()
    signed_in["owner"].post(reverse("jobs:drop", args=[job.pk]))
    assert Job.objects.count() == 0
    assert AuditEntry.objects.get(action="job.dropped").object_id == str(job.pk)


def test_a_button_of_a_page_that_is_out_of_date_is_refused_and_changes_nothing(signed_in: Clients) -> None:
    for route in ("jobs:retry", "jobs:drop"):
        assert signed_in["owner"].post(reverse(route, args=[uuid4()])).status_code == 409
    assert not AuditEntry.objects.filter(action__startswith="job.").exists()


@pytest.mark.parametrize("language", ["en", "fr", "nl", "ar"])
def test_every_state_has_its_list_page_by_page(signed_in: Clients, language: str) -> None:
    enqueue_many(work.note, [[str(number)] for number in range(60)])
    browser = signed_in["owner"]
    browser.cookies["language"] = language
    first = browser.get(reverse("jobs:list"), {"state": "waiting"})
    assert first.content.decode().count('class="list-item"') == 50
    older = browser.get(reverse("jobs:list") + first.context["older_url"])
    assert older.content.decode().count('class="list-item"') == 10
    for state in ("running", "dead", "nonsense"):
        assert browser.get(reverse("jobs:list"), {"state": state, "after": "nonsense"}).status_code == 200


def test_the_page_asks_as_much_for_fifty_jobs_as_for_one(signed_in: Clients) -> None:
    counts = []
    for crowd in (1, 49):
        enqueue_many(work.note, [[str(number)] for number in range(crowd)])
        with CaptureQueriesContext(connection) as queries:
            signed_in["owner"].get(reverse("jobs:list"), {"state": "waiting"})
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_htmx_gets_the_moving_part_alone(signed_in: Clients) -> None:
    part = signed_in["owner"].get(reverse("jobs:list"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "<nav" in part
