"""The counter's pages as Karim uses them, and as nobody else should."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from etalage.accounts.models import AuditEntry
from etalage.orders.addresses import scan_address
from etalage.orders.codes import LENGTH, new_code, read_code
from etalage.orders.models import Order, Redemption, Reservation, ReservationState
from etalage.publishing.models import LinkKind, PromotionCode, TrackedLink
from tests.orders.conftest import Goods, Reserve


@pytest.fixture
def karim(signed_in: dict[str, Client]) -> Client:
    return signed_in["counter"]


def test_whatever_is_typed_or_scanned_is_read() -> None:
    code = "BCD2345"
    for typed in (code, " bcd 23 45 ", "bcd-2345", "ＢＣＤ２３４５", "BCD٢٣٤٥"):
        assert read_code(typed) == code
    for address in (f"https://shop.example/shop/r/{code}/", f"https://shop.example/fr/shop/r/{code}/?k=abc"):
        assert read_code(address) == code
    for wrong in (
        "",
        "BCD234",
        "BCD23456",
        "BCD234O",
        "<script>",
        "https://shop.example/shop/p/scarf/",
        "r/",
    ):
        assert read_code(wrong) == ""


def test_codes_are_short_unambiguous_and_their_own(goods: Goods) -> None:
    codes = {new_code() for _each in range(2000)}
    assert len(codes) == 2000
    assert all(len(code) == LENGTH and not set(code) & set("01OILAEU") for code in codes)


def test_the_scanned_code_opens_the_reservation(karim: Client, reserve_one: Reserve) -> None:
    made = reserve_one()
    answer = karim.get(reverse("orders:counter"), {"q": scan_address(made)})
    assert answer.headers["Location"] == f"/counter/r/{made.code}/"
    page = karim.get(answer.headers["Location"]).content.decode()
    assert "Nora" in page
    assert "€29.99" in page


def test_an_unknown_code_is_said_and_counted(karim: Client, goods: Goods) -> None:
    answer = karim.get(reverse("orders:counter"), {"q": "ZZZZZZZ"})
    assert answer.status_code == 404
    assert "No reservation has this code" in answer.content.decode()
    statuses = [karim.get(reverse("orders:counter"), {"q": "ZZZZZZZ"}).status_code for _each in range(70)]
    assert 429 in statuses
    assert statuses.count(404) <= 60, "thirty in a minute, and the minute may change once"


def test_karim_hands_over_what_the_page_shows(karim: Client, goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one(goods.blue, 2)
    page = karim.get(f"/counter/r/{made.code}/").content.decode()
    fields = dict(re.findall(r'name="((?:piece-\d+)|seen)"[^>]*value="(\d+)"', page))
    answer = karim.post(f"/counter/r/{made.code}/hand-over/", {**fields, "rest": "free"}, follow=True)

    assert "Paid: €59.98" in answer.content.decode()
    assert Order.objects.get().total_minor == 5998
    assert goods.shelf(goods.blue) == (1, 0)
    karim.post(f"/counter/r/{made.code}/hand-over/", {**fields, "rest": "free"})
    assert Order.objects.count() == 1


def test_karim_takes_a_code_off_and_hands_over(karim: Client, goods: Goods, reserve_one: Reserve) -> None:
    PromotionCode.objects.create(code="SPRING", percent=10)
    made = reserve_one(goods.cup, 2)
    page = karim.get(f"/counter/r/{made.code}/", {"code": "spring"}).content.decode()
    assert "€22.50" in page and 'name="code" value="SPRING"' in page
    karim.post(f"/counter/r/{made.code}/hand-over/", {"seen": "0", "code": "SPRING"})
    assert Order.objects.get().total_minor == 2250


def test_guessing_promotion_codes_is_braked(karim: Client, goods: Goods) -> None:
    address = reverse("orders:redeem")
    statuses = [
        karim.post(address, {"code": f"GUESS{number}", "request_key": f"request-{number}"}).status_code
        for number in range(70)
    ]
    assert statuses[:30] == [404] * 30
    assert statuses.count(404) <= 60 and 429 in statuses
    assert not Redemption.objects.exists()


def test_a_code_is_used_at_the_till(karim: Client, goods: Goods) -> None:
    PromotionCode.objects.create(code="TILL", percent=25, usage_limit=1)
    address = reverse("orders:redeem")
    filled = {"code": "till", "request_key": "request-1", "receipt": "R-1", "amount": "40,00"}
    answer = karim.post(address, filled, follow=True)
    assert "Take off €10.00." in answer.content.decode()
    assert karim.post(address, filled, follow=True).status_code == 200
    assert Redemption.objects.count() == 1
    refused = karim.post(address, {**filled, "request_key": "request-2"})
    assert refused.status_code == 409
    assert "as often as it may be" in refused.content.decode()


def test_karim_cancels_and_the_trail_knows(karim: Client, goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one()
    karim.post(f"/counter/r/{made.code}/cancel/")
    made.refresh_from_db()
    assert made.state == ReservationState.CANCELLED
    entry = AuditEntry.objects.get(action="reservation.cancelled")
    assert (entry.member, entry.label) == (goods.world.counter, made.code)


def test_strangers_see_none_of_it(signed_in: dict[str, Client], reserve_one: Reserve) -> None:
    made = reserve_one()
    stranger = signed_in["stranger"]
    for address in (
        "/counter/",
        f"/counter/r/{made.code}/",
        "/reservations/",
        "/store/labels/",
        "/counter/waiting/",
    ):
        assert stranger.get(address).status_code == 302
    for address in (
        f"/counter/r/{made.code}/hand-over/",
        f"/counter/r/{made.code}/cancel/",
        "/counter/redeem/",
    ):
        assert stranger.post(address, {"seen": "0"}).status_code == 302
    made.refresh_from_db()
    assert made.state == ReservationState.OPEN
    assert not Order.objects.exists()


def test_the_list_of_reservations_costs_the_same_however_long(
    karim: Client, goods: Goods, reserve_one: Reserve
) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert karim.get(address).status_code == 200
        return len(caught)

    reserve_one(goods.cup)
    karim.get("/reservations/")
    few = queries("/reservations/"), queries("/counter/")
    goods.cup.stock.update(on_hand=100)
    for number in range(60):
        reserve_one(goods.cup, email=f"c{number}@example.com")
    assert (queries("/reservations/"), queries("/counter/")) == few


def test_the_list_goes_on_and_filters(karim: Client, goods: Goods, reserve_one: Reserve) -> None:
    goods.cup.stock.update(on_hand=100)
    for number in range(50):
        reserve_one(goods.cup, email=f"c{number}@example.com")
    Reservation.objects.filter(pk=Reservation.objects.last().pk).update(state=ReservationState.CANCELLED)  # type: ignore[union-attr]
    address, seen = "/reservations/?state=open", []
    while address:
        page = karim.get(address).content.decode()
        seen += re.findall(r"/counter/r/(\w+)/", page)
        found = re.search(r'href="(\?[^"]*after=[^"]+)"', page)
        address = "/reservations/" + found.group(1).replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 49
    assert not re.findall(
        r"/counter/r/", karim.get(f"/reservations/?store={goods.world.brussels.pk}").content.decode()
    )


def test_shelf_labels_carry_one_code_per_product_and_store(karim: Client, goods: Goods) -> None:
    assert "Wool scarf" in karim.get("/store/labels/").content.decode()
    chosen = {"store": str(goods.world.ghent.pk), "product": [str(goods.scarf.pk), str(goods.cup.product.pk)]}
    sheet = karim.post("/store/labels/", chosen).content.decode()
    assert sheet.count("shelf-label") == 2
    assert "from <bdi" in sheet and "€12.50" in sheet
    links = TrackedLink.objects.filter(kind=LinkKind.QR, store=goods.world.ghent)
    assert {link.product for link in links} == {goods.scarf, goods.cup.product}
    karim.post("/store/labels/", chosen)
    assert TrackedLink.objects.count() == 2


def test_labels_without_a_choice_ask_for_one(karim: Client, goods: Goods) -> None:
    answer = karim.post("/store/labels/", {"store": "x"}, follow=True)
    assert "Choose a store and at least one product." in answer.content.decode()
    assert not TrackedLink.objects.exists()


def test_a_store_where_reservations_wait_closes_only_once_the_owner_knows_how_many(
    goods: Goods, reserve_one: Reserve, signed_in: dict[str, Client]
) -> None:
    reserve_one()
    store, owner = goods.world.ghent, signed_in["owner"]
    close = reverse("accounts:close_store", args=[store.pk])
    refused = owner.post(close, follow=True)
    assert "1 reservation still waits in this store." in refused.content.decode()
    store.refresh_from_db()
    assert store.closed_at is None
    page = owner.get(reverse("accounts:store", args=[store.pk])).content.decode()
    assert "1 reservation still waits here." in page
    assert 'name="waiting" value="1"' in page
    reserve_one()  # one more since the page was opened
    owner.post(close, {"waiting": "1"})
    store.refresh_from_db()
    assert store.closed_at is None
    assert owner.post(close, {"waiting": "2"}).status_code == 302
    store.refresh_from_db()
    assert store.closed_at
    assert Reservation.objects.filter(store=store, state="open").count() == 2
