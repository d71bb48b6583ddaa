"""The business and its stores: who changes them, what cannot change any more, and who is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from etalage.accounts import actions
from etalage.accounts.events import BusinessChanged
from etalage.accounts.models import AuditEntry, Business, Store
from etalage.catalogue.models import Product, Variant
from etalage.insights.handlers import credit_by_the_new_rules
from etalage.jobs.models import Event, Job
from etalage.kit.errors import Refusal
from tests.conftest import World

BUSINESS = "/settings/business/"


def facts(**changed: Any) -> dict[str, Any]:
    """The whole form of the business, as a browser sends it."""
    return {
        "name": "Maison Lune",
        "language": "en",
        "currency": "EUR",
        "timezone": "Europe/Brussels",
        "first_weekday": "0",
        "lookback_days": "30",
        "reservation_hours": "48",
        "touch_retention_days": "400",
    } | changed


def price_something() -> None:
    product = Product.objects.create(handle="boots", slug="boots", title={"en": "Boots"})
    Variant.objects.create(product=product, sku="B-1", price_minor=9900, currency="EUR")


def test_an_owner_changes_the_business_and_the_trail_says_which_fields(
    signed_in: dict[str, Client], world: World
) -> None:
    answer = signed_in["owner"].post(BUSINESS, facts(name="Lune & Co", lookback_days="14"))
    assert answer.status_code == 302
    changed = Business.objects.get()
    assert (changed.name, changed.lookback_days) == ("Lune & Co", 14)
    entry = AuditEntry.objects.get(action="business.changed")
    assert (entry.member, sorted(entry.details["fields"])) == (world.owner, ["lookback_days", "name"])


@pytest.mark.parametrize("role", ["manager", "member", "counter"])
def test_nobody_but_an_owner_changes_the_business(signed_in: dict[str, Client], role: str) -> None:
    assert signed_in[role].post(BUSINESS, facts(name="Mine")).status_code == 403
    assert Business.objects.get().name == "Maison Lune"
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"lookback_days": "0"},
        {"lookback_days": "many"},
        {"timezone": "Mars/Olympus"},
        {"currency": "LUN"},
        {"name": ""},
        {"touch_retention_days": "20"},
        {"site": "javascript:alert(1)"},
    ],
)
def test_a_wrong_value_is_told_at_its_field(signed_in: dict[str, Client], wrong: dict[str, str]) -> None:
    answer = signed_in["owner"].post(BUSINESS, facts(**wrong))
    assert answer.status_code == 422
    assert f'id="id_{next(iter(wrong))}_error"' in answer.content.decode()
    assert Business.objects.get().lookback_days == 30


def test_another_window_has_all_credit_computed_again(world: World) -> None:
    actions.change_business(world.owner, world.business, {"lookback_days": 7, "name": "Lune"})
    event = Event.objects.get()
    assert sorted(event.payload["fields"]) == ["lookback_days", "name"]
    assert Job.objects.filter(event=event, task__endswith="credit_by_the_new_rules").exists()


def test_only_rules_of_credit_have_it_computed_again(world: World) -> None:

    credit_by_the_new_rules(BusinessChanged(("name", "phone")))
    assert not Job.objects.filter(task__endswith="recompute_all").exists()
    credit_by_the_new_rules(BusinessChanged(("lookback_days",)))
    assert Job.objects.filter(task__endswith="recompute_all").count() == 1


def test_what_did_not_change_is_no_change(world: World) -> None:
    actions.change_business(world.owner, world.business, {"name": world.business.name})
    assert not AuditEntry.objects.exists() and not Event.objects.exists()


def test_the_currency_can_change_while_nothing_is_kept_in_it(signed_in: dict[str, Client]) -> None:
    assert signed_in["owner"].post(BUSINESS, facts(currency="GBP")).status_code == 302
    assert Business.objects.get().currency == "GBP"


def test_the_currency_is_settled_once_prices_are_kept_in_it(
    signed_in: dict[str, Client], world: World
) -> None:
    price_something()
    with pytest.raises(Refusal) as refused:
        actions.change_business(world.owner, world.business, {"currency": "GBP", "name": "Lune"})
    assert (refused.value.code, refused.value.status) == ("currency_in_use", 409)
    page = signed_in["owner"].get(BUSINESS).content.decode()
    assert "so it cannot change any more" in page.replace("\n", " ")
    signed_in["owner"].post(BUSINESS, facts(currency="GBP", name="Lune"))
    kept = Business.objects.get()
    assert (kept.currency, kept.name) == ("EUR", "Lune")


def store_facts(**changed: str) -> dict[str, str]:
    """The whole form of a store."""
    return {"name": "Antwerp", "code": "ANR", "timezone": "Europe/Brussels"} | changed


def test_a_manager_adds_and_changes_a_store(signed_in: dict[str, Client]) -> None:
    assert signed_in["manager"].post("/settings/stores/new/", store_facts()).status_code == 302
    store = Store.objects.get(code="ANR")
    address = reverse("accounts:store", args=[store.pk])
    signed_in["manager"].post(address, store_facts(name="Antwerp South"))
    assert Store.objects.get(code="ANR").name == "Antwerp South"
    assert [e.action for e in AuditEntry.objects.order_by("id")] == ["store.created", "store.changed"]


def test_two_stores_cannot_have_one_code(signed_in: dict[str, Client]) -> None:
    answer = signed_in["manager"].post("/settings/stores/new/", store_facts(code="GNT"))
    assert answer.status_code == 422 and Store.objects.filter(code="GNT").count() == 1


def test_only_an_owner_closes_a_store(signed_in: dict[str, Client], world: World) -> None:
    address = reverse("accounts:close_store", args=[world.ghent.pk])
    assert signed_in["manager"].post(address).status_code == 403
    world.ghent.refresh_from_db()
    assert world.ghent.closed_at is None
    assert signed_in["owner"].post(address).status_code == 302
    world.ghent.refresh_from_db()
    assert world.ghent.closed_at and not world.ghent.takes_reservations
    assert signed_in["owner"].get(reverse("accounts:store", args=[world.ghent.pk])).status_code == 404


def test_the_last_open_store_stays_open(world: World) -> None:
    actions.close_store(world.owner, world.ghent)
    with pytest.raises(Refusal) as refused:
        actions.close_store(world.owner, world.brussels)
    assert refused.value.code == "last_store"
    with pytest.raises(Refusal) as refused:
        actions.close_store(world.owner, world.ghent)
    assert refused.value.code == "store_closed"
    assert AuditEntry.objects.filter(action="store.closed").count() == 1
