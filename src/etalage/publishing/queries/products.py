"""Products of the catalogue, as the composer offers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from etalage.catalogue.models import Product, ProductPicture, ProductStatus, Variant
from etalage.kit.money import Money

MOST_WORDS = 6


@dataclass(frozen=True)
class Pickable:
    """A product that a post may show; `price` is the lowest of its variants."""

    product: Product
    picture: ProductPicture | None
    price: Money | None


def find_products(words: str, size: int = 8) -> list[Pickable]:
    """Products for sale that hold every one of these words, the newest first."""
    rows = Product.objects.filter(status=ProductStatus.ACTIVE)
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(search_text__icontains=word.lower())
    return _shown(rows.order_by("-pk")[:size])


def products_by_id(ids: Sequence[UUID]) -> list[Pickable]:
    """These products in this order, without those that are gone."""
    found = {shown.product.pk: shown for shown in _shown(Product.objects.filter(pk__in=ids))}
    return [found[key] for key in dict.fromkeys(ids) if key in found]


def product_pictures(ids: Iterable[UUID]) -> list[ProductPicture]:
    """These pictures of the catalogue, in this order."""
    wanted = list(dict.fromkeys(ids))
    found = ProductPicture.objects.in_bulk(wanted)
    return [found[key] for key in wanted if key in found]


def _shown(rows: QuerySet[Product]) -> list[Pickable]:
    for_sale = Prefetch("variants", Variant.objects.filter(retired_at=None))
    return [_pickable(product) for product in rows.prefetch_related(for_sale, "pictures")]


def _pickable(product: Product) -> Pickable:
    prices = [variant.price for variant in product.variants.all()]
    lowest = min(prices, key=lambda price: price.minor, default=None)
    return Pickable(product, next(iter(product.pictures.all()), None), lowest)
