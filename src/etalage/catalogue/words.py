"""The words by which a product is found."""

from __future__ import annotations

from collections.abc import Iterable

from etalage.catalogue.models import Product, Variant
from etalage.catalogue.search import search_text


def words_of(product: Product, variants: Iterable[Variant]) -> str:
    """Titles in all languages, brand, category, tags, and every number that is printed on a label."""
    tags = [str(tag) for tag in product.tags]
    numbers = [text for variant in variants for text in (variant.sku, variant.barcode)]
    return search_text(
        [*product.title.values(), product.vendor, product.category, product.handle, *tags, *numbers]
    )
