"""What the catalogue holds of the products in one batch, and what of it changed: read at once, written at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from etalage.catalogue.importing.groups import ProductGroup
from etalage.catalogue.models import Product, ProductPicture, Stock, Variant, WantedPicture
from etalage.catalogue.slugs import free_slugs
from etalage.jobs import enqueue_many
from etalage.kit.text import slugify_any

FETCH = "etalage.catalogue.tasks.fetch_picture"
PRODUCT_COLUMNS = (
    "title",
    "description",
    "vendor",
    "category",
    "tags",
    "status",
    "search_text",
    "updated_at",
)
VARIANT_COLUMNS = (
    "barcode", "options", "price_minor", "compare_at_minor", "currency", "position", "retired_at",
)  # fmt: skip


@dataclass
class Shelf:
    """The rows of one batch in memory; `changed_…` are to be written, `new_…` to be added."""

    now: datetime
    products: dict[str, Product] = field(default_factory=dict)
    variants: dict[str, Variant] = field(default_factory=dict)
    of_product: dict[UUID, list[Variant]] = field(default_factory=dict)
    stock: dict[tuple[UUID, UUID], Stock] = field(default_factory=dict)
    pictures: dict[UUID, list[ProductPicture]] = field(default_factory=dict)
    wanted: dict[UUID, list[WantedPicture]] = field(default_factory=dict)
    new_products: dict[UUID, Product] = field(default_factory=dict)
    new_variants: dict[UUID, Variant] = field(default_factory=dict)
    new_wanted: dict[UUID, WantedPicture] = field(default_factory=dict)
    changed_products: dict[UUID, Product] = field(default_factory=dict)
    changed_variants: dict[UUID, Variant] = field(default_factory=dict)
    changed_stock: dict[tuple[UUID, UUID], Stock] = field(default_factory=dict)
    changed_pictures: dict[UUID, ProductPicture] = field(default_factory=dict)
    changed_wanted: dict[UUID, WantedPicture] = field(default_factory=dict)

    def add_product(self, product: Product) -> None:
        """Add a product that the catalogue does not have; its slug is made free when the batch is written."""
        product.slug = slugify_any(str(product.title)) or slugify_any(product.handle)
        self.products[product.handle] = product
        self.new_products[product.pk] = product
        self.of_product[product.pk] = []

    def add_variant(self, variant: Variant) -> None:
        """Add an article that the catalogue does not have."""
        self.variants[variant.sku] = variant
        self.new_variants[variant.pk] = variant
        self.of_product[variant.product_id].append(variant)

    def sourced(self, product_id: UUID) -> list[ProductPicture | WantedPicture]:
        """The pictures of a product that a file named, fetched or still wanted."""
        rows: list[ProductPicture | WantedPicture] = []
        rows.extend(self.pictures.get(product_id, []))
        rows.extend(self.wanted.get(product_id, []))
        return rows

    def touch(self, product: Product) -> None:
        """Have a product written that the catalogue already has."""
        if product.pk not in self.new_products:
            product.updated_at = self.now
            self.changed_products[product.pk] = product

    def touch_variant(self, variant: Variant) -> None:
        """Have an article written that the catalogue already has."""
        if variant.pk not in self.new_variants:
            self.changed_variants[variant.pk] = variant

    def write(self) -> None:
        """Write what is new and what changed, in few statements."""
        new = list(self.new_products.values())
        for product, slug in zip(new, free_slugs([product.slug for product in new]), strict=True):
            product.slug = slug
        Product.objects.bulk_create(new)
        _upsert(Product, list(self.changed_products.values()), PRODUCT_COLUMNS)
        Variant.objects.bulk_create(list(self.new_variants.values()))
        _upsert(Variant, list(self.changed_variants.values()), VARIANT_COLUMNS)
        Stock.objects.bulk_create(
            [self.changed_stock[key] for key in sorted(self.changed_stock)],
            update_conflicts=True,
            unique_fields=["variant", "store"],
            update_fields=["on_hand", "counted_at"],  # never `reserved`: orders write it meanwhile
        )
        _upsert(ProductPicture, list(self.changed_pictures.values()), ("alt", "position"))
        _upsert(WantedPicture, list(self.changed_wanted.values()), ("alt", "position"))
        WantedPicture.objects.bulk_create(list(self.new_wanted.values()))
        enqueue_many(FETCH, [(wanted,) for wanted in self.new_wanted])


def fill_shelf(groups: Sequence[ProductGroup], now: datetime, *, with_pictures: bool) -> Shelf:
    """Read all that the catalogue holds of these products: a constant number of statements."""
    shelf = Shelf(now)
    skus = {sku for group in groups for _row, sku, _options in group.articles()}
    shelf.products = {p.handle: p for p in Product.objects.filter(handle__in={g.handle for g in groups})}
    named = Variant.objects.filter(sku__in=skus).select_related("product")
    for variant in named:
        shelf.variants[variant.sku] = variant
        # The same row twice in memory would lose one of two changes.
        variant.product = shelf.products.setdefault(variant.product.handle, variant.product)
    ids = [product.pk for product in shelf.products.values()]
    shelf.of_product = {pk: [] for pk in ids}
    for variant in Variant.objects.filter(product__in=ids).order_by("position", "id"):
        kept = shelf.variants.setdefault(variant.sku, variant)
        shelf.of_product[variant.product_id].append(kept)
    known = [variant.pk for variant in shelf.variants.values()]
    shelf.stock = {(s.variant_id, s.store_id): s for s in Stock.objects.filter(variant__in=known)}
    if with_pictures:
        for picture in ProductPicture.objects.filter(product__in=ids).exclude(source=""):
            shelf.pictures.setdefault(picture.product_id, []).append(picture)
        for wanted in WantedPicture.objects.filter(product__in=ids):
            shelf.wanted.setdefault(wanted.product_id, []).append(wanted)
    return shelf


def _upsert(model: type, rows: Iterable[object], columns: Sequence[str]) -> None:
    """Write changed rows with one statement per some hundreds, which updating one by one takes hundreds for."""
    if rows:
        model.objects.bulk_create(  # type: ignore[attr-defined]
            rows, update_conflicts=True, unique_fields=["id"], update_fields=list(columns)
        )
