"""Every route × role × method answers as the table says; who is refused changes nothing; every deed is told once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from etalage.accounts.models import AuditEntry
from tests.house.rows import METHODS, Row, nothing, outcome
from tests.house.sign_in_deeds import NO_FORM, SIGN_IN_DEEDS
from tests.house.table import ROWS
from tests.house.trail_rows import entries_of, gone
from tests.house.urls import Address, addresses
from tests.house.world import ROLES, House
from tests.practice_network import PracticeNetwork, practice_program

__all__ = ["practice_program"]
pytestmark = pytest.mark.django_db  # each test in a transaction of its own, within that of the house

KNOWN = {address.name: address for address in addresses()}
# A row's name is the route's, and more words where one route holds several pages: "publishing:post_deed approve".
CASES = {name: (KNOWN[name.split()[0]], row) for name, row in ROWS.items() if name.split()[0] in KNOWN}
each_route = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module")
def house(
    django_db_setup: None, django_db_blocker: Any, practice_program: PracticeNetwork
) -> Iterator[House]:
    """One house for all routes: what a request changes is undone after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield House.build(practice_program)
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _offered(settings: Any, practice_program: PracticeNetwork) -> None:
    settings.PRACTICE_NETWORK = practice_program.base_url


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    cache.clear()


def place(house: House, address: Address, row: Row) -> str:
    """The address of a row with the ids of the house."""
    known = {**house.ids, **(row.ids(house) if row.ids else {})}
    missing = [name for name in address.params if name not in known]
    assert not missing, f"tests/house/world.py has no {', '.join(missing)} for {address.name}"
    return reverse(address.name, kwargs={name: known[name] for name in address.params})


def carried(house: House, address: str, row: Row) -> dict[str, Any]:
    """What a POST of this row sends."""
    if "POST" not in row.answers and not any(method == "POST" for _role, method in row.others):
        return {}
    with undone():
        return (row.send or nothing)(house, address)


def ask(client: Client, method: str, address: str, data: dict[str, Any]) -> HttpResponseBase:
    """Send one request."""
    for value in data.values():
        if hasattr(value, "seek"):
            value.seek(0)  # a file that was sent before
    if method in {"GET", "POST"}:
        return getattr(client, method.lower())(address, data if method == "POST" else None)
    return client.generic(method, address)


def named(answer: HttpResponseBase) -> str:
    return outcome(answer.status_code, answer.headers.get("Location", ""), reverse("account_login"))


def contents() -> dict[str, str]:
    """A digest of each table but that of the sessions, and of the letters that went out."""
    found = {"mail": str(len(mail.outbox))}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model is not Session:
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT * FROM {table}")
                rows = sorted(repr(row) for row in cursor.fetchall())
                found[model._meta.label] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    described = {name.split()[0] for name in ROWS}
    without = sorted(KNOWN.keys() - described)
    gone = sorted(described - KNOWN.keys())
    assert not without, f"routes without a row in tests/house/table.py: {', '.join(without)}"
    assert not gone, f"rows without a route: {', '.join(gone)}"


@each_route
def test_a_route_answers_each_role_and_method_as_the_table_says(house: House, name: str) -> None:
    address, row = CASES[name]
    wrong = []
    with undone():
        path = place(house, address, row)
        data = carried(house, path, row)
        for role in ROLES:
            for method in METHODS:
                with undone():
                    got = named(ask(house.client(role), method, path, data))
                if got != row.expected(role, method):
                    wrong.append(f"{role} {method}: {got}, not {row.expected(role, method)}")
    assert not wrong, f"{name} ({path}): " + "; ".join(wrong)


@each_route
def test_whoever_is_refused_changes_nothing(house: House, name: str) -> None:
    address, row = CASES[name]
    with undone():
        path = place(house, address, row)
        data = carried(house, path, row)
        before = contents()
        for role in ROLES:
            for method in METHODS:
                if method != "GET" and not row.may(role, method):
                    ask(house.client(role), method, path, data)
        after = contents()
        assert {table for table in before if before[table] != after[table]} <= set(row.touches)


@each_route
def test_no_form_is_taken_without_its_token(house: House, name: str) -> None:
    address, row = CASES[name]
    with undone():
        path = place(house, address, row)
        data = carried(house, path, row)
        before = contents()
        for role in ("stranger", "owner"):
            for method in METHODS[1:]:
                client = house.client(role, enforce_csrf_checks=True)
                client.defaults["HTTP_ACCEPT"] = "application/json"
                answer = ask(client, method, path, data)
                assert answer.status_code == 403, (role, method)
                assert answer.json()["code"] == "csrf", (role, method)  # type: ignore[attr-defined]
        assert contents() == before


DEEDS = {
    f"{name} stranger" if role == "stranger" else name: (name, role)
    for name, (_address, row) in CASES.items()
    for role in ("stranger", "owner")
    if ":" in name and row.expected(role, "POST") in {"ok", "moved"}
}


def entries_since(before: int) -> list[AuditEntry]:
    return list(AuditEntry.objects.order_by("-id")[: AuditEntry.objects.count() - before])


def test_every_route_that_takes_a_form_is_a_deed_with_one() -> None:
    tried = {name.split()[0] for name in DEEDS.keys() | SIGN_IN_DEEDS.keys() | NO_FORM.keys()}
    taking = {
        name.split()[0]
        for name, (_address, row) in CASES.items()
        if any(row.expected("owner", method) != "not allowed" for method in METHODS[1:])
    }
    assert taking == tried
    assert not list(gone(DEEDS.keys() | SIGN_IN_DEEDS.keys())), "tests/house/trail_rows.py"


@pytest.mark.parametrize("deed", DEEDS)
def test_every_deed_stands_in_the_audit_trail_once(house: House, deed: str) -> None:
    name, role = DEEDS[deed]
    address, row = CASES[name]
    with undone():
        path = place(house, address, row)
        data = carried(house, path, row)
        before = AuditEntry.objects.count()
        got = named(ask(house.client(role), "POST", path, data))
        assert got == row.expected(role, "POST")
        added = entries_since(before)
        assert len(added) == entries_of(deed), [entry.action for entry in added]
        if row.lowest != "stranger":
            assert all(entry.member == house.owner for entry in added)


@pytest.mark.parametrize("deed", SIGN_IN_DEEDS)
def test_what_people_do_to_their_sign_in_stands_in_the_trail_once(
    house: House, deed: str, django_capture_on_commit_callbacks: Any
) -> None:
    with undone():
        browser, path, form = SIGN_IN_DEEDS[deed](house)
        before = AuditEntry.objects.count()
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.post(path, form)
        assert answer.status_code == 302, "the form was not taken"
        added = entries_since(before)
        assert len(added) == entries_of(deed), [entry.action for entry in added]
        assert all(entry.member == house.owner or entry.actor == "Eve" for entry in added)
