"""Reads for the public shop: what is for sale, at which price, and how many are left where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Prefetch, Sum

from etalage.accounts.models import Store
from etalage.accounts.queries import reservation_stores
from etalage.catalogue.models import Product, ProductPicture, ProductStatus, Stock, Variant
from etalage.catalogue.search import fold
from etalage.kit.money import Money
from etalage.publishing.models import TrackedLink

PAGE = 24
MOST_WORDS = 6


@dataclass(frozen=True)
class ProductCard:
    """A product in the list. `varies` when its variants differ in price: then `price` is the lowest."""

    product: Product
    picture: ProductPicture | None
    price: Money | None
    varies: bool
    left: int


@dataclass(frozen=True)
class StoreStock:
    """How many pieces of a variant can still be reserved in a store."""

    store: Store
    left: int


@dataclass(frozen=True)
class ProductPage:
    """A product with its variants for sale, the chosen one, and what is left of that one in each store."""

    product: Product
    pictures: list[ProductPicture]
    variants: list[Variant]
    chosen: Variant
    stores: list[StoreStock]

    @property
    def left(self) -> int:
        """Pieces of the chosen variant in all stores."""
        return sum(entry.left for entry in self.stores)


def shop_cards(
    search: str = "", category: str = "", after: UUID | None = None, size: int = PAGE
) -> tuple[list[ProductCard], UUID | None]:
    """A page of products for sale, the newest first, and the id to go on after (None at the end).

    `search` finds products that hold every one of its words, whatever their case and accents.
    """
    found = Product.objects.filter(status=ProductStatus.ACTIVE)
    if category:
        found = found.filter(category=category)
    for word in fold(search).split()[:MOST_WORDS]:
        found = found.filter(search_text__icontains=word)
    if after:
        found = found.filter(id__lt=after)
    products = list(found.prefetch_related(_for_sale(), "pictures").order_by("-id")[: size + 1])
    page, more = products[:size], products[size:]
    left = _left_by_product(page)
    return [_card(product, left.get(product.pk, 0)) for product in page], page[-1].pk if more else None


def categories(size: int = 40) -> list[str]:
    """The categories that hold something for sale, by name."""
    named = Product.objects.filter(status=ProductStatus.ACTIVE).exclude(category="").order_by("category")
    return list(named.values_list("category", flat=True).distinct()[:size])


def product_page(slug: str, sku: str = "") -> ProductPage | None:
    """The page of a product for sale; None when there is none. `sku` chooses the variant.

    Without a choice it shows the first variant of which something is left.
    """
    found = Product.objects.filter(slug=slug, status=ProductStatus.ACTIVE)
    product = found.prefetch_related(_for_sale(), "pictures").first()
    if not product or not product.variants.all():
        return None
    variants = list(product.variants.all())
    stores = list(reservation_stores())
    left = _left(variants, stores)
    in_stock = [variant for variant in variants if any(left.get((variant.pk, store.pk)) for store in stores)]
    chosen = next((variant for variant in variants if variant.sku == sku), (in_stock or variants)[0])
    shelves = [StoreStock(store, left.get((chosen.pk, store.pk), 0)) for store in stores]
    return ProductPage(product, list(product.pictures.all()), variants, chosen, shelves)


def visit_link(code: str) -> str:
    """The code of the tracked link that a visit came by, when it is one of ours and was not withdrawn; else ""."""
    if not code or len(code) > 16:
        return ""
    known = TrackedLink.objects.filter(code=code, withdrawn=False).values_list("code", flat=True)
    return known.first() or ""


def linked_product(code: str) -> Product | None:
    """The product that a tracked link was about, over or not, while it is still for sale."""
    if not code or len(code) > 16:
        return None
    about = TrackedLink.objects.filter(code=code).values("product")
    found = Product.objects.filter(pk__in=about, status=ProductStatus.ACTIVE)
    return found.prefetch_related("pictures").first()


def _for_sale() -> Prefetch[str]:
    return Prefetch("variants", Variant.objects.filter(retired_at=None).order_by("position", "id"))


def _left_by_product(products: Iterable[Product]) -> dict[UUID, int]:
    shelves = Stock.objects.filter(
        variant__product__in=list(products),
        variant__retired_at=None,
        store__in=reservation_stores().order_by(),
        on_hand__gt=F("reserved"),
    )
    sums = (
        shelves.values_list("variant__product_id").annotate(left=Sum(F("on_hand") - F("reserved"))).order_by()
    )
    return dict(sums)


def _left(variants: list[Variant], stores: list[Store]) -> dict[tuple[UUID, UUID], int]:
    shelves = Stock.objects.filter(variant__in=variants, store__in=stores)
    return {(shelf.variant_id, shelf.store_id): shelf.available for shelf in shelves}


def _card(product: Product, left: int) -> ProductCard:
    variants = list(product.variants.all())
    prices = sorted({variant.price_minor for variant in variants})
    price = Money(prices[0], variants[0].currency) if prices else None
    return ProductCard(product, next(iter(product.pictures.all()), None), price, len(prices) > 1, left)
