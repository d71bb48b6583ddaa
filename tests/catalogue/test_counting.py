"""Counting stock by hand: what somebody counted is written, and what was sold meanwhile is never put back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from etalage.accounts.models import AuditEntry, Store
from etalage.catalogue import actions
from etalage.catalogue.actions.stock import Count, StockMoved
from etalage.catalogue.models import Product, Stock, Variant
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.actions.stock import hold, take
from tests.catalogue.conftest import make_product
from tests.conftest import World
from tests.house.pages import form_for

Filled = dict[str, Any]


@dataclass
class Shop:
    """A jumper in two sizes, ten pieces of each in Ghent, none counted in Brussels; Marc counts."""

    world: World
    marc: Client
    product: Product = field(default_factory=lambda: make_product(skus=("A", "B")))

    def __post_init__(self) -> None:
        for variant in self.product.variants.all():
            Stock.objects.create(variant=variant, store=self.world.ghent, on_hand=10)

    @property
    def address(self) -> str:
        return reverse("catalogue:stock", args=[self.product.pk])

    def open(self) -> Filled:
        """What the page would send if nobody typed."""
        return form_for(self.address, self.marc.get(self.address).content.decode())

    def save(self, filled: Filled) -> Any:
        return self.marc.post(self.address, filled)

    def sell(self, sku: str, pieces: int) -> None:
        """Pieces leave Ghent as they do at the counter."""
        variant = Variant.objects.get(sku=sku)
        hold(variant.pk, self.world.ghent.pk, pieces)
        take(variant.pk, self.world.ghent.pk, pieces)

    def cell(self, sku: str, store: Store | None = None) -> str:
        """The name of a field."""
        return f"stock_{Variant.objects.get(sku=sku).pk.hex}_{(store or self.world.ghent).pk.hex}"

    def shelves(self) -> dict[tuple[str, str], int]:
        rows = Stock.objects.select_related("variant", "store")
        return {(row.variant.sku, row.store.code): row.on_hand for row in rows}


@pytest.fixture
def shop(world: World, signed_in: dict[str, Client]) -> Shop:
    return Shop(world, signed_in["manager"])


def again(shop: Shop, answer: Any) -> Filled:
    """The form as it is shown once more."""
    assert answer.status_code == 422
    return form_for(shop.address, answer.content.decode())


def refusal_of(act: Any, *args: Any) -> str:
    with pytest.raises(Refusal) as refused:
        act(*args)
    return refused.value.code


def trail() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_a_count_changes_the_shelf_and_never_what_is_promised(world: World) -> None:
    product = make_product(skus=("S", "M"))
    small, medium = product.variants.all()
    Stock.objects.create(variant=small, store=world.ghent, on_hand=5, reserved=2)
    counted = {
        (small.pk, world.ghent.pk): Count(5, 4),
        (medium.pk, world.ghent.pk): Count(None, 1),
        (medium.pk, world.brussels.pk): Count(None, 0),
    }
    assert actions.count_stock(world.manager, product.pk, counted) == 3
    assert actions.count_stock(world.manager, product.pk, counted) == 0, "the same page twice"
    shelf = Stock.objects.get(variant=small)
    assert (shelf.on_hand, shelf.reserved) == (4, 2)
    assert trail() == ["product.stock_counted"]


def test_a_count_for_another_product_or_a_closed_store_is_refused_whole(world: World) -> None:
    product, other = make_product(), make_product("pot", "Pot", ("POT",))
    mine, foreign = (each.variants.get().pk for each in (product, other))
    ghent, brussels = world.ghent.pk, world.brussels.pk
    Store.objects.filter(pk=brussels).update(closed_at=clock.now())
    for gone in ((foreign, ghent), (mine, brussels)):
        counts = {(mine, ghent): Count(None, 1), gone: Count(None, 1)}
        assert refusal_of(actions.count_stock, world.manager, product.pk, counts) == "stock_gone"
    negative = {(mine, ghent): Count(None, -1)}
    assert refusal_of(actions.count_stock, world.manager, product.pk, negative) == "stock_unreadable"
    assert not Stock.objects.exists()


def test_stock_is_counted_in_a_table_of_articles_and_stores(shop: Shop) -> None:
    page = shop.open()
    assert page[shop.cell("A")] == "10"
    counted = {shop.cell("A"): "", shop.cell("B"): "7", shop.cell("B", shop.world.brussels): "0"}
    assert shop.save({**page, **counted}).status_code == 302
    assert shop.shelves() == {("A", "GNT"): 10, ("B", "GNT"): 7, ("B", "BRU"): 0}


def test_what_was_sold_while_another_article_was_counted_stays_sold(shop: Shop) -> None:
    page = shop.open()
    shop.sell("A", 2)
    assert shop.save({**page, shop.cell("B"): "4"}).status_code == 302
    assert shop.shelves() == {("A", "GNT"): 8, ("B", "GNT"): 4}


def test_a_count_of_what_was_sold_meanwhile_is_asked_for_once_more(shop: Shop) -> None:
    page = shop.open()
    shop.sell("A", 2)
    shop.sell("B", 1)
    brussels = shop.cell("B", shop.world.brussels)
    answer = shop.save({**page, shop.cell("A"): "9", brussels: "3"})

    shown = again(shop, answer)
    assert shop.shelves() == {("A", "GNT"): 8, ("B", "GNT"): 9}, "nothing is written"
    assert trail() == []
    said = answer.content.decode()
    assert "Pieces were sold or counted since you opened this page" in said
    assert said.count("Changed to 8 meanwhile. Check this one.") == 1
    assert said.count("Check this one.") == 1, "only where somebody typed"
    assert said.count('aria-invalid="true"') == 1
    assert (shown[shop.cell("A")], shown[brussels]) == ("9", "3"), "what was typed is kept"
    assert shown[shop.cell("B")] == "9", "where nobody typed, today's number"

    assert shop.save(shown).status_code == 302
    assert shop.shelves() == {("A", "GNT"): 9, ("B", "GNT"): 9, ("B", "BRU"): 3}, "now it is their word"


def test_what_is_sold_between_two_looks_is_asked_for_twice(shop: Shop) -> None:
    page = shop.open()
    shop.sell("A", 2)
    shown = again(shop, shop.save({**page, shop.cell("A"): "9"}))
    shop.sell("A", 1)
    assert "Changed to 7 meanwhile." in shop.save(shown).content.decode()
    assert shop.shelves()["A", "GNT"] == 7


def test_a_count_that_says_what_is_known_already_is_not_asked_for_again(shop: Shop) -> None:
    page = shop.open()
    shop.sell("A", 2)
    assert shop.save({**page, shop.cell("A"): "8"}).status_code == 302
    assert shop.shelves()["A", "GNT"] == 8
    assert trail() == []


def test_the_same_counts_sent_twice_are_written_once(shop: Shop) -> None:
    page = {**shop.open(), shop.cell("A"): "3"}
    assert [shop.save(page).status_code, shop.save(page).status_code] == [302, 302]
    assert (shop.shelves()["A", "GNT"], trail()) == (3, ["product.stock_counted"])


def test_no_number_lands_beside_its_place_when_the_table_changes(shop: Shop) -> None:
    page = shop.open()
    Variant.objects.filter(sku="A").update(retired_at=clock.now())
    Store.objects.create(code="ANT", name="Antwerp")  # stands before the others
    assert shop.save({**page, shop.cell("B"): "4"}).status_code == 302
    assert shop.shelves() == {("A", "GNT"): 10, ("B", "GNT"): 4}


@pytest.mark.parametrize("gone", ["article", "store"])
def test_a_count_for_what_is_gone_is_told_and_the_rest_kept(shop: Shop, gone: str) -> None:
    page = {**shop.open(), shop.cell("A"): "1", shop.cell("B", shop.world.brussels): "4"}
    if gone == "article":
        Variant.objects.filter(sku="A").update(retired_at=clock.now())
    else:
        Store.objects.filter(code="GNT").update(closed_at=clock.now())
    answer = shop.save(page)
    shown = again(shop, answer)
    assert "An article or a store that you counted is gone." in answer.content.decode()
    assert shop.shelves() == {("A", "GNT"): 10, ("B", "GNT"): 10}
    assert shop.cell("A") not in shown
    assert shop.save(shown).status_code == 302
    assert shop.shelves() == {("A", "GNT"): 10, ("B", "GNT"): 10, ("B", "BRU"): 4}


def test_an_unreadable_number_is_told_and_what_was_shown_stays_with_what_was_typed(shop: Shop) -> None:
    page = shop.open()
    shop.sell("A", 2)
    answer = shop.save({**page, shop.cell("A"): "9", shop.cell("B"): "-1"})
    shown = again(shop, answer)
    assert answer.content.decode().count("A number of pieces is a whole number from 0 on.") == 1
    assert (shown[shop.cell("A")], shown[shop.cell("B")]) == ("9", "-1")
    # Nobody was told of the sale yet: it is asked about now.
    assert "Changed to 8 meanwhile." in shop.save({**shown, shop.cell("B"): "1"}).content.decode()
    assert shop.shelves() == {("A", "GNT"): 8, ("B", "GNT"): 10}


def _forgeries(shown: str) -> dict[str, str | None]:
    first, *rest = shown.split()
    return {
        "missing": None,
        "empty": "",
        "one too few": " ".join(rest),
        "one twice": f"{shown} {first}",
        "no number": f"{first.split('=')[0]}=many {' '.join(rest)}",
        "below zero": f"{first.split('=')[0]}=-1 {' '.join(rest)}",
        "too long": f"{first.split('=')[0]}={'9' * 5000} {' '.join(rest)}",
        "nonsense": "<script>",
    }


@pytest.mark.parametrize("forgery", _forgeries("a=1"))
def test_without_what_the_page_showed_nothing_is_written(shop: Shop, forgery: str) -> None:
    page = {**shop.open(), shop.cell("B"): "4"}
    forged = _forgeries(page.pop("shown"))[forgery]
    shop.sell("A", 2)
    answer = shop.save(page if forged is None else {**page, "shown": forged})
    shown = again(shop, answer)
    assert "what this page had shown did not come back with it" in answer.content.decode()
    assert shop.shelves() == {("A", "GNT"): 8, ("B", "GNT"): 10}
    assert (shown[shop.cell("A")], shown[shop.cell("B")]) == ("8", "10"), (
        "nothing stale can be saved from here"
    )
    assert trail() == []


def test_a_page_from_before_an_upgrade_writes_nothing(shop: Shop) -> None:
    assert shop.save({"stock_0_0": "3", "stock_1_1": "7"}).status_code == 422
    assert shop.save({}).status_code == 422
    assert shop.shelves() == {("A", "GNT"): 10, ("B", "GNT"): 10}


@pytest.mark.django_db(transaction=True)
def test_a_sale_that_is_being_committed_is_waited_for(shop: Shop) -> None:
    counts = {(Variant.objects.get(sku="A").pk, shop.world.ghent.pk): Count(10, 9)}

    def count() -> int:
        try:
            return actions.count_stock(shop.world.manager, shop.product.pk, counts)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            shop.sell("A", 2)
            counting = pool.submit(count)
            assert not wait([counting], timeout=1).done
        with pytest.raises(StockMoved) as refused:
            counting.result(timeout=60)
    assert list(refused.value.now.values()) == [8]
    assert shop.shelves()["A", "GNT"] == 8
