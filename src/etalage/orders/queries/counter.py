"""Reads for the counter: what to print labels for."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch

from etalage.catalogue.models import Product, ProductStatus, Variant
from etalage.catalogue.search import fold

PAGE = 60


def label_products(
    search: str = "", store_id: UUID | None = None, after: UUID | None = None, size: int = PAGE
) -> list[Product]:
    """One more than `size` products for sale, the newest first, on the shelf of the store when one is named."""
    found = Product.objects.filter(status=ProductStatus.ACTIVE)
    for word in fold(search).split()[:6]:
        found = found.filter(search_text__icontains=word)
    if store_id:
        on_shelf = Variant.objects.filter(stock__store_id=store_id, stock__on_hand__gt=0)
        found = found.filter(pk__in=on_shelf.values("product_id"))
    if after:
        found = found.filter(id__lt=after)
    return list(found.prefetch_related(_variants()).order_by("-id")[: size + 1])


def chosen_products(ids: list[UUID]) -> list[Product]:
    """The products of these ids that are for sale, with their variants."""
    found = Product.objects.filter(status=ProductStatus.ACTIVE, pk__in=ids)
    return list(found.prefetch_related(_variants()).order_by("-id"))


def _variants() -> Prefetch[str]:
    return Prefetch("variants", Variant.objects.filter(retired_at=None).order_by("price_minor", "id"))
