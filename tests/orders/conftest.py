"""A shop with something to sell: a scarf in two colours and a cup, in two stores, with and without stock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from django.utils.crypto import get_random_string

from etalage.accounts.models import Store
from etalage.catalogue.models import Product, Stock, Variant
from etalage.orders.actions.reserve import Wish, WishLine, reserve
from etalage.orders.models import Reservation
from tests.conftest import World


@dataclass(frozen=True)
class Goods:
    """What the shop of these tests sells."""

    world: World
    scarf: Product
    blue: Variant
    red: Variant
    cup: Variant

    def put(self, variant: Variant, store: Store, on_hand: int) -> Stock:
        """Lay pieces on a shelf."""
        return Stock.objects.create(variant=variant, store=store, on_hand=on_hand)

    def shelf(self, variant: Variant, store: Store | None = None) -> tuple[int, int]:
        """Pieces on hand and reserved in a store (Ghent)."""
        stock = Stock.objects.get(variant=variant, store=store or self.world.ghent)
        return stock.on_hand, stock.reserved


def make_product(handle: str, title: dict[str, str] | None = None, **fields: Any) -> Product:
    """A product for sale."""
    texts = title or {"en": handle.capitalize()}
    search = " ".join(texts.values()).lower()
    return Product.objects.create(handle=handle, slug=handle, title=texts, search_text=search, **fields)


def make_variant(product: Product, sku: str, price_minor: int, **fields: Any) -> Variant:
    """A variant in euro."""
    return Variant.objects.create(product=product, sku=sku, price_minor=price_minor, currency="EUR", **fields)


@pytest.fixture
def goods(world: World) -> Goods:
    """Three blue and one red scarf in Ghent, five blue ones in Brussels, ten cups in Ghent."""
    scarf = make_product(
        "scarf", {"en": "Wool scarf", "fr": "Écharpe en laine", "ar": "وشاح صوفي"}, category="Scarves"
    )
    cup = make_product("cup", {"en": "Cup"}, category="Kitchen")
    goods = Goods(
        world,
        scarf,
        make_variant(scarf, "SC-B", 2999, options={"colour": "Blue"}),
        make_variant(scarf, "SC-R", 3499, options={"colour": "Red"}, position=1),
        make_variant(cup, "CUP", 1250),
    )
    goods.put(goods.blue, world.ghent, 3)
    goods.put(goods.red, world.ghent, 1)
    goods.put(goods.blue, world.brussels, 5)
    goods.put(goods.cup, world.ghent, 10)
    return goods


def wish_for(variant: Variant, store: Store, quantity: int = 1, **changes: Any) -> Wish:
    """What Nora would fill in, with a fresh key."""
    wish = Wish(
        store_id=store.pk,
        lines=(WishLine(variant.pk, quantity),),
        name="Nora",
        email="nora@example.com",
        phone="",
        language="en",
        request_key=get_random_string(24),
    )
    return replace(wish, **changes)


Reserve = Callable[..., Reservation]


@pytest.fixture
def reserve_one(goods: Goods) -> Reserve:
    """Reserve something in Ghent and return the reservation."""

    def make(variant: Variant | None = None, quantity: int = 1, **changes: Any) -> Reservation:
        return reserve(wish_for(variant or goods.blue, goods.world.ghent, quantity, **changes)).reservation

    return make


def ids(*things: Any) -> list[UUID]:
    """The ids of rows."""
    return [thing.pk for thing in things]
