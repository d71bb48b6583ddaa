"""The pages on which staff look at sales: who may, what they show, and what they cost when there are many."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from etalage.accounts.models import AuditEntry, Store
from etalage.customers.models import Customer
from etalage.orders.actions.hand_over import HandOver, hand_over
from etalage.orders.actions.record import (
    LineData,
    OrderData,
    RefundData,
    RefundLineData,
    cancel_order,
    record_order,
    record_refund,
)
from etalage.orders.models import Order, Place
from tests.conftest import World

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIST = "orders:list"


def sold(
    number: str, *, at: datetime = NOON, store: Store | None = None, source: str = "till", total: int = 2000
) -> Order:
    """A sale of two lines."""
    lines = (LineData("A", 1, 1500, 1500, "Scarf"), LineData("B", 2, 250, 500, "Tea"))
    place = Place.STORE if store else Place.ONLINE
    nora, _new = Customer.objects.get_or_create(name="Nora")
    data = OrderData(
        source, number, at, "EUR", total, lines, place, store_id=store and store.pk, customer_id=nora.pk
    )
    return record_order(data)


def numbers(client: Client, **asked: object) -> list[str]:
    """The numbers that the list shows, in its order."""
    return [order.number for order, _net in client.get(reverse(LIST), asked).context["rows"]]


@pytest.mark.parametrize(
    ("role", "page", "file"),
    [("stranger", 302, 302), ("counter", 403, 403), ("member", 200, 403), ("manager", 200, 200)],
)
def test_members_read_and_managers_export(
    signed_in: dict[str, Client], role: str, page: int, file: int
) -> None:
    order = sold("1")
    client = signed_in[role]
    assert client.get(reverse(LIST)).status_code == page
    assert client.get(reverse("orders:order", args=[order.pk])).status_code == page
    assert client.get(reverse("orders:export")).status_code == file
    assert client.post(reverse(LIST)).status_code in (403, 405)


def test_the_list_shows_what_is_left_of_a_sale(signed_in: dict[str, Client], world: World) -> None:
    order = sold("1", store=world.ghent)
    record_refund(RefundData("till", "C1", NOON, "EUR", 500, order.pk))
    cancelled = sold("2")
    cancel_order(cancelled.pk)
    response = signed_in["member"].get(reverse(LIST))
    assert [(row.number, net.minor) for row, net in response.context["rows"]] == [("2", 0), ("1", 1500)]
    assert "Ghent" in response.content.decode()


def test_the_list_goes_on_where_it_stopped(signed_in: dict[str, Client]) -> None:
    made = [sold(str(n), at=NOON + timedelta(minutes=n // 3)).number for n in range(95)]
    client, after, seen = signed_in["member"], "", []
    while True:
        response = client.get(reverse(LIST), {"after": after})
        seen += [order.number for order, _net in response.context["rows"]]
        after = response.context["after"]
        if not after:
            break
    assert sorted(seen, key=int) == made and len(set(seen)) == 95


def test_the_address_chooses_sales(signed_in: dict[str, Client], world: World) -> None:
    sold("A-1", store=world.ghent)
    sold("A-2", at=NOON + timedelta(days=3))
    cancel_order(sold("B-1", at=NOON + timedelta(days=6), store=world.brussels).pk)
    client = signed_in["member"]
    assert numbers(client, q="A-") == ["A-2", "A-1"]
    assert numbers(client, store=world.brussels.pk) == ["B-1"]
    assert numbers(client, place="online") == ["A-2"]
    assert numbers(client, status="cancelled") == ["B-1"]
    assert numbers(client, **{"from": "2026-03-03", "to": "2026-03-05"}) == ["A-2"]
    assert numbers(client, to="2026-03-02") == ["A-1"]


@pytest.mark.parametrize("key", ["after", "from", "to", "store", "status", "place"])
@pytest.mark.parametrize("value", ["x", "9" * 40, "1.2", "-1", "9999999999999999999.0", "0001-01-01"])
def test_nonsense_in_the_address_is_no_error(signed_in: dict[str, Client], key: str, value: str) -> None:
    sold("1")
    assert signed_in["member"].get(reverse(LIST), {key: value}).status_code == 200


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_fifty_sales_cost_as_many_queries_as_five(signed_in: dict[str, Client], world: World) -> None:
    for n in range(5):
        sold(str(n), store=world.ghent)
    client = signed_in["member"]
    client.get(reverse(LIST))
    few = queries_of(client, reverse(LIST))
    for n in range(5, 50):
        sold(str(n), store=world.brussels)
    assert queries_of(client, reverse(LIST)) == few


def test_a_sale_with_fifty_lines_and_refunds_costs_as_many_queries_as_with_five(
    signed_in: dict[str, Client],
) -> None:
    def big(number: str, size: int) -> Order:
        lines = tuple(LineData(f"S{n}", 1, 100, 100) for n in range(size))
        order = record_order(OrderData("till", number, NOON, "EUR", size * 100, lines))
        for n in range(size // 5):
            back = RefundData(
                "till", f"C{number}-{n}", NOON, "EUR", 100, order.pk, lines=(RefundLineData("S1", 1, 100),)
            )
            record_refund(back)
        return order

    client = signed_in["member"]
    small, large = (
        reverse("orders:order", args=[big(number, size).pk]) for number, size in (("1", 5), ("2", 50))
    )
    client.get(small)
    assert queries_of(client, large) == queries_of(client, small)


def test_a_sale_shows_its_lines_refunds_and_other_amounts(signed_in: dict[str, Client]) -> None:
    order = sold("17", total=2600)
    lines = (RefundLineData("B", 1, 250, "Tea"),)
    record_refund(RefundData("till", "C-88", NOON, "EUR", 250, order.pk, lines=lines))
    text = signed_in["member"].get(reverse("orders:order", args=[order.pk])).content.decode()
    for part in ("17", "Scarf", "Tea", "C-88", "Shipping, taxes", "6.00", "23.50", "Nora"):
        assert part in text


def test_a_sale_from_a_reservation_leads_to_it(
    signed_in: dict[str, Client], world: World, request: pytest.FixtureRequest
) -> None:
    reservation = request.getfixturevalue("reserve_one")()
    hand_over(reservation.pk, HandOver(seen=0), actor=world.counter)
    order = Order.objects.get()
    text = signed_in["member"].get(reverse("orders:order", args=[order.pk])).content.decode()
    assert reverse("orders:counter_reservation", args=[reservation.code]) in text


def test_an_unknown_sale_is_not_found(signed_in: dict[str, Client], world: World) -> None:
    assert signed_in["member"].get(reverse("orders:order", args=[world.ghent.pk])).status_code == 404


def test_the_export_holds_what_the_list_shows_and_no_formulas(signed_in: dict[str, Client]) -> None:
    sold("=1+1", at=NOON - timedelta(days=1))
    record_refund(RefundData("till", "C1", NOON, "EUR", 500, sold("2").pk))
    sold("3", source="@web")
    response = signed_in["manager"].get(reverse("orders:export"), {"to": "2026-03-02"})
    text = b"".join(response).decode("utf-8-sig")  # type: ignore[arg-type]
    header, *rows = csv.reader(io.StringIO(text))
    assert [row[0] for row in rows] == ["3", "2", "'=1+1"]
    assert rows[0][1] == "'@web"
    assert dict(zip(header, rows[1], strict=True))["Net"] == "15.00"
    assert "Nora" not in text
    assert AuditEntry.objects.filter(action="orders.exported").count() == 1


@pytest.mark.parametrize(
    ("source", "language", "said"),
    [
        ("reservation", "nl", "Reservering"),
        ("till", "ar", "الصندوق"),
        ("shopify", "fr", "Shopify"),
        ("my-own-till", "fr", "my-own-till"),
    ],
)
def test_where_an_order_came_from_is_said_in_the_readers_language(
    source: str, language: str, said: str
) -> None:
    with translation.override(language):
        assert Order(source=source).source_label == said
