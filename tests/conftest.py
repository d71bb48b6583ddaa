"""One small world that every room's tests may ask for: Maison Lune, two stores, four members, an outsider."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import translation

from etalage.accounts.models import Business, Member, Role, Store

#: Programs with a folder and a file of their own, texts, files, connectors: a second database shows nothing more of
#: them. Only their tests that ask for the database run on both.
WITHOUT_DATABASE = (
    "src/etalage/networks/",
    "tests/benchmarks/",
    "tests/cli/",
    "tests/demo/test_program.py",
    "tests/edge/",
    "tests/house/",
    "tests/imports/",
    "tests/kit/",
    "tests/networks/",
    "tests/web/",
)
#: Who may do what, forms of strangers, the journal (a file on every database), streams.
WHATEVER_DATABASE = (
    "tests/channels/test_incoming_kills.py",
    "tests/channels/test_streaming.py",
    "tests/house/test_routes.py",
    "tests/security/test_forms.py",
)


@pytest.hookimpl(tryfirst=True)  # before `-m` is looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs to run on one database only."""
    for item in items:
        uses = "db" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db")
        if item.nodeid.startswith(WHATEVER_DATABASE if uses else WITHOUT_DATABASE + WHATEVER_DATABASE):
            item.add_marker("once")


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Print a failure when it happens, so that a run which is cut off has told what it knew."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stdout.write(f"\n\n{report.nodeid}: {report.when} failed\n{report.longreprtext[-6000:]}\n")
        sys.stdout.flush()


@pytest.fixture(autouse=True)
def _language_of_its_own() -> Iterator[None]:
    """No test reads in the language that the one before it was answered in."""
    yield
    translation.deactivate()


@dataclass(frozen=True)
class World:
    """Anna owns, Marc manages, Mia posts, Karim stands at the counter in Ghent."""

    business: Business
    ghent: Store
    brussels: Store
    owner: Member
    manager: Member
    member: Member
    counter: Member

    def staff(self, role: str) -> Member:
        """The member with this role."""
        return {"owner": self.owner, "manager": self.manager, "member": self.member, "counter": self.counter}[
            role
        ]


@pytest.fixture
def world(db: None) -> World:
    """The business with its people; no products and no channels yet."""
    business = Business.objects.create(name="Maison Lune", currency="EUR", timezone="Europe/Brussels")
    ghent = Store.objects.create(code="GNT", name="Ghent", address="Veldstraat 1, Ghent")
    brussels = Store.objects.create(code="BRU", name="Brussels", address="Rue Neuve 2, Brussels")

    def member(name: str, role: Role, store: Store | None = None) -> Member:
        email = f"{name.lower()}@maisonlune.example"
        return Member.objects.create_user(email, "a-long-password", name=name, role=role, store=store)

    return World(
        business,
        ghent,
        brussels,
        member("Anna", Role.OWNER),
        member("Marc", Role.MANAGER),
        member("Mia", Role.MEMBER),
        member("Karim", Role.COUNTER, ghent),
    )


@pytest.fixture
def signed_in(world: World) -> dict[str, Client]:
    """A browser per role, and one of a stranger."""
    clients = {"stranger": Client()}
    for role in ("owner", "manager", "member", "counter"):
        clients[role] = Client()
        clients[role].force_login(world.staff(role), backend="django.contrib.auth.backends.ModelBackend")
    return clients
