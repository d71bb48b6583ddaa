"""What the addresses of the catalogue name, or a page that says that it is gone."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404

from etalage.catalogue import queries
from etalage.catalogue.models import Product, ProductPicture, Variant
from etalage.catalogue.queries import ProductDetail


def find_product(product_id: UUID) -> ProductDetail:
    """The product of an address. Raises Http404."""
    try:
        return queries.product_detail(product_id)
    except Product.DoesNotExist:
        raise Http404 from None


def find_variant(variant_id: UUID) -> Variant:
    """The article of an address. Raises Http404."""
    try:
        return queries.variant_by_id(variant_id)
    except Variant.DoesNotExist:
        raise Http404 from None


def find_picture(picture_id: UUID) -> ProductPicture:
    """The picture of an address. Raises Http404."""
    try:
        return queries.picture_by_id(picture_id)
    except ProductPicture.DoesNotExist:
        raise Http404 from None


def find_id(text: str) -> UUID | None:
    """The place to read on from; a text that is no id begins at the start."""
    try:
        return UUID(text)
    except ValueError:
        return None
