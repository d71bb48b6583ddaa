"""Pictures of the catalogue, as the composer uses them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from etalage.catalogue.models import ProductPicture


def product_pictures(ids: Iterable[UUID]) -> list[ProductPicture]:
    """These pictures of the catalogue, in this order, without those that are gone."""
    wanted = list(dict.fromkeys(ids))
    found = ProductPicture.objects.in_bulk(wanted)
    return [found[key] for key in wanted if key in found]
