"""Lists of products: searched, filtered, paged, with a constant number of queries."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from etalage.catalogue import queries
from etalage.catalogue.models import ProductStatus, Stock
from etalage.kit import clock
from etalage.kit.money import Money
from tests.catalogue.conftest import make_picture, make_product
from tests.conftest import World


def fill(world: World, first: int, last: int) -> None:
    for number in range(first, last):
        product = make_product(
            f"p{number}", f"Product {number}", (f"A{number}", f"B{number}"), category="Cups"
        )
        make_picture(product)
        for variant in product.variants.all():
            Stock.objects.create(variant=variant, store=world.ghent, on_hand=2, reserved=1)


def queries_for(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_the_list_asks_as_often_for_fifty_products_as_for_five(
    world: World, signed_in: dict[str, Client]
) -> None:
    address = reverse("catalogue:products")
    fill(world, 0, 5)
    few = queries_for(signed_in["manager"], address)
    fill(world, 5, 50)
    assert queries_for(signed_in["manager"], address) == few
    with CaptureQueriesContext(connection) as cards:
        assert len(queries.search_products("product", limit=30)) == 30
    assert len(cards) <= 5


def test_a_product_page_asks_as_often_for_many_articles_as_for_one(
    world: World, signed_in: dict[str, Client]
) -> None:
    small = make_product()
    large = make_product("shirt", "Shirt", tuple(f"S{n}" for n in range(30)))
    counted = [
        queries_for(signed_in["manager"], reverse("catalogue:product", args=[product.pk]))
        for product in (small, large)
    ]
    assert counted[0] == counted[1]


def test_pages_follow_each_other_without_a_gap(world: World) -> None:
    fill(world, 0, 7)
    seen: list[str] = []
    after = None
    while True:
        cards, after = queries.product_list(after=after, size=3)
        seen += [card.product.handle for card in cards]
        if after is None:
            break
    assert seen == [f"p{number}" for number in reversed(range(7))]


def test_a_card_shows_the_lowest_price_and_what_can_still_be_promised(world: World) -> None:
    product = make_product(skus=("S", "M", "L"))
    small, medium, large = product.variants.all()
    medium.price_minor = 900
    medium.save()
    large.price_minor, large.retired_at = 100, clock.now()
    large.save()
    Stock.objects.create(variant=small, store=world.ghent, on_hand=5, reserved=3)
    Stock.objects.create(variant=medium, store=world.brussels, on_hand=1, reserved=4)
    Stock.objects.create(variant=large, store=world.ghent, on_hand=9)
    [card] = queries.product_cards([product.pk])
    assert (card.price, card.varies, card.left, card.articles, card.stock_state) == (
        Money(900, "EUR"), True, 2, 2, "low"
    )  # fmt: skip


def test_cards_come_in_the_order_asked_for_and_leave_out_what_is_gone(world: World) -> None:
    one, two, gone = (
        make_product("a", "A", ("A",)),
        make_product("b", "B", ("B",)),
        make_product("c", "C", ("C",)),
    )
    ids = [two.pk, gone.pk, one.pk]
    gone.delete()
    assert [card.product.pk for card in queries.product_cards(ids)] == [two.pk, one.pk]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"cup", "vase"}),
        ({"q": "CUP"}, {"cup"}),
        ({"q": "no such thing"}, set()),
        ({"category": "Vases"}, {"vase"}),
        ({"status": "archived"}, {"old"}),
        ({"status": "nonsense"}, {"cup", "vase"}),
        ({"q": "%"}, set()),
        ({"after": "nonsense"}, {"cup", "vase"}),
    ],
)
def test_the_list_is_searched_and_filtered(
    world: World, signed_in: dict[str, Client], asked: dict[str, str], found: set[str]
) -> None:
    make_product()
    make_product("vase", "Vase", ("V",), category="Vases")
    make_product("old", "Old", ("O",), status=ProductStatus.ARCHIVED)
    answer = signed_in["counter"].get(reverse("catalogue:products"), asked)
    assert {card.product.handle for card in answer.context["cards"]} == found
    assert ("No product found" in answer.content.decode()) == (not found)


def test_an_empty_catalogue_says_how_to_fill_it(world: World, signed_in: dict[str, Client]) -> None:
    manager = signed_in["manager"].get(reverse("catalogue:products")).content.decode()
    assert "No products yet" in manager
    assert reverse("imports:start") in manager
    assert (
        reverse("imports:start")
        not in signed_in["counter"].get(reverse("catalogue:products")).content.decode()
    )


@pytest.mark.parametrize("language", ["en", "fr", "nl", "ar"])
def test_hostile_words_are_only_ever_words(world: World, signed_in: dict[str, Client], language: str) -> None:
    evil = "<script>alert(1)</script>"
    product = make_product(
        "evil", evil, (evil,), vendor=evil, category=evil, tags=[evil], description={"ar": evil}
    )
    world.manager.language = language
    world.manager.save()
    for name, args in (
        ("products", []),
        ("product", [product.pk]),
        ("edit", [product.pk]),
        ("stock", [product.pk]),
    ):
        page = signed_in["manager"].get(reverse(f"catalogue:{name}", args=args)).content.decode()
        assert "alert(1)" in page
        assert "<script>alert" not in page
