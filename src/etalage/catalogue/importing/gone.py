"""What a file no longer names: articles that are no longer sold, pictures that are no longer shown.

Only the end of the file shows it, since rows of one product may stand far apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from etalage.catalogue.importing.groups import ProductGroup
from etalage.catalogue.importing.merge import Merged, Outcome
from etalage.catalogue.importing.shelf import Shelf
from etalage.catalogue.models import ProductPicture, Variant, WantedPicture
from etalage.catalogue.storage import delete_files
from etalage.imports.importers import Counts
from etalage.imports.turns import take_turn

BATCH = 500
T = TypeVar("T")


@dataclass
class Gone:
    """Keeps, per product, what the catalogue has and the file has not named so far."""

    variants: dict[UUID, set[UUID]] = field(default_factory=dict)
    pictures: dict[UUID, set[str]] = field(default_factory=dict)
    doubtful: set[UUID] = field(default_factory=set)
    """Products of which a row was refused: nothing can be said of what they lack."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """By hash of the product's id, so that a million products take some hundred megabytes and not more."""

    def first_time(self, product_id: UUID) -> bool:
        """Whether the file has not come to this product before."""
        return hash(product_id) not in self.outcomes

    def count(self, product_id: UUID, outcome: Outcome, counts: Counts) -> None:
        """Count each product once, by the most that happened to it."""
        key = hash(product_id)
        before = self.outcomes.get(key)
        if before is not None and outcome <= before:
            return
        if before is not None:
            _add(counts, before, -1)
        self.outcomes[key] = outcome
        _add(counts, outcome, 1)

    def note(self, group: ProductGroup, merged: Merged, shelf: Shelf, *, with_pictures: bool) -> None:
        """Compare one group with what the catalogue has."""
        if merged.refused and merged.known:
            self.doubtful.add(merged.known.pk)
        if merged.product is None:
            return
        key, images = merged.product.pk, set(group.images())
        seen = {variant.pk for variant in merged.seen}
        if self.first_time(key) and group.listed:
            there = shelf.of_product[key]
            self.variants[key] = {v.pk for v in there if not v.retired_at} - seen
            if with_pictures:
                self.pictures[key] = {row.source for row in shelf.sourced(key)} - images
        _strike(self.variants, key, seen)
        _strike(self.pictures, key, images)

    def settle(self, now: datetime, counts: Counts) -> None:
        """Retire and remove what was never named, and count the products that it changes."""
        for key in self.doubtful:
            self.variants.pop(key, None)
            self.pictures.pop(key, None)
        variants = [pk for missing in self.variants.values() for pk in missing]
        for start in range(0, len(variants), BATCH):
            Variant.objects.filter(pk__in=variants[start : start + BATCH]).update(retired_at=now)
        for key, sources in self.pictures.items():
            remove_pictures(key, sources)
        for key in {*self.variants, *self.pictures}:
            self.count(key, Outcome.UPDATED, counts)


def _strike(missing: dict[UUID, set[T]], key: UUID, named: set[T]) -> None:
    """Take off the list what the file has named after all."""
    if left := missing.pop(key, set()) - named:
        missing[key] = left


def remove_pictures(product_id: UUID, sources: set[str]) -> None:
    """Take pictures out of a product by where they came from, with their files."""
    with transaction.atomic():
        take_turn("catalogue")
        pictures = ProductPicture.objects.filter(product=product_id, source__in=sources)
        delete_files(pictures)
        pictures.delete()
        WantedPicture.objects.filter(product=product_id, source__in=sources).delete()


def _add(counts: Counts, outcome: Outcome, number: int) -> None:
    name = outcome.name.lower()
    setattr(counts, name, getattr(counts, name) + number)
