"""A file that is read while somebody whom it names is erased, or turns out to be another one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import connection, transaction

from etalage.customers.actions import erase_customer, find_or_create, merge_customers
from etalage.customers.actions.many import Person, find_or_create_many
from etalage.customers.models import Customer, Identity
from etalage.orders.models import Order
from tests.conftest import World
from tests.orders.importing.conftest import Load, Outcome, believe_empty

WITH_CARD = ["number", "date", "sku", "title", "quantity", "unit price", "email", "card"]
ROW = ["1", "2026-03-02 10:00", "CUP", "A cup", 1, "12.50", "nora@example.com", "C1"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("becomes", ["erased", "another"])
def test_what_a_file_knows_of_somebody_never_ends_with_whom_is_erased_or_merged(
    load: Load, becomes: str
) -> None:
    older = find_or_create("Nora Peeters", [("phone", "+32 470 11 22 33")])
    before = find_or_create("Nora", [("email", "nora@example.com")])

    def load_and_leave() -> Outcome:
        try:
            return load([ROW], WITH_CARD)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            if becomes == "erased":
                erase_customer(before.pk)
            else:
                merge_customers(older.pk, before.pk)
            loaded = pool.submit(load_and_leave)
            assert not wait([loaded], timeout=1).done, "it waits for the customer"
        assert loaded.result(timeout=60).counts.created == 1
    assert not Identity.objects.filter(customer=before).exists()
    owner = Identity.objects.get(kind="card").customer
    assert (owner == older) == (becomes == "another")
    assert (owner.erased_at, owner.merged_into_id) == (None, None)
    assert Order.objects.get().customer == owner
    assert set(owner.identities.values_list("kind", flat=True)) >= {"email", "card"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("becomes", ["erased", "another"])
def test_nobody_is_erased_or_merged_between_being_named_and_the_end_of_the_file(
    world: World, becomes: str
) -> None:
    older = find_or_create("Nora Peeters", [("phone", "+32 470 11 22 33")])
    before = find_or_create("Nora", [("email", "nora@example.com")])

    def become() -> None:
        try:
            erase_customer(before.pk) if becomes == "erased" else merge_customers(older.pk, before.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            known = (("card", "C1"), ("email", "nora@example.com"))
            assert find_or_create_many([Person(known, "Nora")]) == {known: before.pk}
            done = pool.submit(become)
            assert not wait([done], timeout=1).done, "it waits for whoever names them"
        done.result(timeout=60)
    assert not Identity.objects.filter(customer=before).exists()


@pytest.mark.parametrize("became", ["erased", "another"])
def test_what_was_left_with_nobody_goes_to_who_it_is(load: Load, became: str) -> None:
    older = find_or_create("Nora Peeters", [("phone", "+32 470 11 22 33")])
    before = find_or_create("Nora", [("email", "nora@example.com")])
    if became == "erased":
        erase_customer(before.pk)
    else:
        merge_customers(older.pk, before.pk)
    Identity.objects.filter(kind="email").delete()
    Identity.objects.create(customer=before, kind="email", value="nora@example.com")
    load([ROW], WITH_CARD)
    owner = Order.objects.get().customer
    assert owner is not None and owner != before
    assert (owner == older) == (became == "another")
    assert Identity.objects.get(kind="email").customer == owner
    assert Customer.objects.get(pk=before.pk).name == ""


@pytest.mark.django_db
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite follows its indexes, whatever it counted"
)
def test_the_planner_knows_of_the_sales_when_notes_are_joined_to_them(load: Load) -> None:
    believe_empty()
    rows = [[number, "2026-03-02 10:00", f"CUP-{number}", "A cup", 1, "12.50"] for number in range(20)]
    rows.append(["back", "2026-03-03 10:00", "CUP-1", "A cup", -1, "12.50"])
    assert counted() == 0  # the control: nobody has looked since
    assert load(rows, WITH_CARD[:6]).counts.created == 21
    assert counted() == 20


def counted() -> int:
    """How many sales PostgreSQL's planner believes in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'orders_order'::regclass")
        return int(cursor.fetchone()[0])
