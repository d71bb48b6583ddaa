"""The page of background work: who sees it, what it says, what its buttons do and write down."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from etalage.accounts.models import AuditEntry
from etalage.jobs import enqueue_many, enqueue_once
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, LiveChange, State
from etalage.jobs.registry import HANDLERS, TASKS
from etalage.jobs.schedule import enqueue_due
from etalage.kit import clock
from etalage.web.jobs_page import reasons
from etalage.web.jobs_page.words import AREAS, WORK, every
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


def test_all_of_a_kind_are_tried_again_at_once_and_others_are_not(signed_in: Clients) -> None:
    for text in ("one", "two"):
        work.fail.enqueue(text)
    work.give_up.enqueue()
    run_until_idle(raising=False)
    page = signed_in["owner"].get(reverse("jobs:list")).content.decode()
    assert page.count(reverse("jobs:retry_kind")) == 1  # a button of its own is enough for the single one
    answer = signed_in["manager"].post(reverse("jobs:retry_kind"), {"task": "tests.jobs.work.fail"})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("jobs:list"))
    assert Counter(Job.objects.values_list("task", "state")) == {
        ("tests.jobs.work.fail", State.WAITING): 2,
        ("tests.jobs.work.give_up", State.DEAD): 1,
    }
    entry = AuditEntry.objects.get(action="job.kind_retried")
    assert entry.details == {"task": "tests.jobs.work.fail", "count": 2}


def test_of_a_kind_with_the_same_key_one_is_tried_again_and_nothing_is_lost(signed_in: Clients) -> None:
    for _ in range(2):
        enqueue_once(work.give_up, "the same")
        run_until_idle(raising=False)
    signed_in["owner"].post(reverse("jobs:retry_kind"), {"task": "tests.jobs.work.give_up"})
    assert sorted(Job.objects.values_list("state", flat=True)) == [State.DEAD, State.WAITING]


@pytest.mark.parametrize("task", ["", "tests.jobs.work.note", "x" * 5000, "a\u202eb"])
def test_a_kind_of_which_nothing_failed_is_refused(signed_in: Clients, task: str) -> None:
    assert signed_in["owner"].post(reverse("jobs:retry_kind"), {"task": task}).status_code == 409
    assert not AuditEntry.objects.filter(action__startswith="job.").exists()


def test_the_page_speaks_of_work_in_a_shops_words_and_not_by_names_of_the_program(signed_in: Clients) -> None:
    Job.objects.create(
        task="etalage.orders.tasks.send_reservation_letter",
        queue="orders",
        state=State.DEAD,
        max_attempts=3,
        backoff=1,
        lease_seconds=60,
        finished_at=clock.now(),
        error_class="smtplib.SMTPServerDisconnected",
        last_error="SMTPServerDisconnected: please run connect() first",
    )
    page = signed_in["owner"].get(reverse("jobs:list")).content.decode()
    before_details = page.partition('class="disclosure"')[0]
    assert "Write to a customer about a reservation" in before_details
    assert "The mail server did not take the letter." in before_details
    assert "send_reservation_letter" not in before_details


def test_every_task_and_handler_has_words() -> None:
    declared = {path for path in (*TASKS, *HANDLERS) if path.startswith("etalage.")}
    assert declared <= set(WORK)
    assert {path.split(".")[1] for path in declared} <= set(AREAS)


@pytest.mark.parametrize(
    ("error_class", "reason"),
    [
        ("etalage.jobs.errors.LeaseLost", reasons.STOPPED),
        ("django.db.utils.OperationalError", reasons.DATABASE),
        ("etalage.orders.models.Order.DoesNotExist", reasons.GONE),
        ("httpx.ConnectTimeout", reasons.ELSEWHERE),
        ("builtins.ValueError", reasons.UNEXPECTED),
        ("", reasons.UNEXPECTED),
    ],
)
def test_a_reason_follows_from_the_class_of_the_error(error_class: str, reason: object) -> None:
    assert reasons.reason_of(error_class) == str(reason)


def test_the_schedule_says_when_each_runs_next_and_when_it_last_did(signed_in: Clients) -> None:
    page = signed_in["owner"].get(reverse("jobs:list"), {"state": "schedule"}).content.decode()
    assert "When the worker starts" in page
    enqueue_due()
    page = signed_in["owner"].get(reverse("jobs:list"), {"state": "schedule"}).content.decode()
    assert "When the worker starts" not in page
    assert "Publish posts whose time has come" in page
    assert "every 5 seconds" in page


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (timedelta(seconds=1), "every second"),
        (timedelta(seconds=90), "every 90 seconds"),
        (timedelta(minutes=5), "every 5 minutes"),
        (timedelta(hours=1), "every hour"),
        (timedelta(days=2), "every 2 days"),
    ],
)
def test_a_period_is_said_in_its_largest_unit(period: timedelta, words: str) -> None:
    assert every(period) == words


def test_nothing_at_all_is_said_in_words(signed_in: Clients) -> None:
    Job.objects.all().delete()
    assert "Nothing waits, nothing failed" in signed_in["owner"].get(reverse("jobs:list")).content.decode()


def test_a_failure_and_what_is_done_about_it_are_told_to_open_pages(signed_in: Clients) -> None:
    job = dead_job()
    assert LiveChange.objects.filter(name="jobs").count() == 1
    signed_in["owner"].post(reverse("jobs:retry", args=[job.pk]))
    assert LiveChange.objects.filter(name="jobs").count() == 2


def test_a_failure_waits_for_its_manager_on_the_start_page(signed_in: Clients) -> None:
    dead_job()
    assert "1 piece of background work failed" in signed_in["manager"].get("/").content.decode()
    assert "piece of background work failed" not in signed_in["member"].get("/").content.decode()


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
    for state in ("running", "dead", "schedule", "nonsense"):
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
