"""One product of a file laid over the same product of the catalogue; only what differs is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

from etalage.catalogue.importing.groups import ProductGroup
from etalage.catalogue.importing.refusals import RowRefused
from etalage.catalogue.importing.rows import ProductRow
from etalage.catalogue.importing.shelf import Shelf
from etalage.catalogue.models import Product, Stock, Variant
from etalage.catalogue.words import words_of
from etalage.kit.text import TranslatedText

_PLAIN = ("vendor", "category", "tags", "status")


class Outcome(IntEnum):
    """What became of a product; the higher ones win when its rows stand in several places."""

    UNCHANGED = 0
    UPDATED = 1
    CREATED = 2


@dataclass
class Merged:
    """`product` is None when nothing of the group could be taken; `known` is what the catalogue had of it. `seen` are
    its articles in the file.
    """

    product: Product | None = None
    known: Product | None = None
    outcome: Outcome = Outcome.UNCHANGED
    seen: list[Variant] = field(default_factory=list)
    refused: list[tuple[ProductRow, RowRefused]] = field(default_factory=list)


def merge(group: ProductGroup, shelf: Shelf, currency: str, first_time: Callable[[UUID], bool]) -> Merged:
    """Lay a group over the catalogue as it stands in `shelf`.

    `first_time` says whether the file has not named a product before: only then an empty cell empties its brand,
    category or tags, since further rows of a product often leave them out.
    """
    merged = Merged(refused=[(row, row.problem) for row in group.rows if row.problem])
    product = merged.known = _find(group, shelf)
    fresh = product is None
    if product is None:
        titles = TranslatedText(group.texts("titles"))
        product = Product(handle=group.handle, title=titles, created_at=shelf.now, updated_at=shelf.now)
    if fresh and not _may_begin(group, product, merged):
        return merged
    _merge_articles(group, product, shelf, currency, merged)
    if merged.refused and not merged.seen:
        return merged
    if product.pk not in shelf.of_product:
        shelf.add_product(product)  # a parent whose articles stand further down
    merged.product = product
    if _write_product(product, group, shelf, may_empty=first_time(product.pk)):
        shelf.touch(product)
        merged.outcome = max(merged.outcome, Outcome.UPDATED)
    if fresh:
        merged.outcome = Outcome.CREATED
    return merged


def _merge_articles(
    group: ProductGroup, product: Product, shelf: Shelf, currency: str, merged: Merged
) -> None:
    for row, sku, options in group.articles():
        try:
            variant = shelf.variants.get(sku) or _new_variant(row, sku, product, currency)
            if variant.product_id != product.pk:
                raise RowRefused("sku_elsewhere", sku=sku, product=variant.product.handle)
        except RowRefused as problem:
            merged.refused.append((row, problem))
            continue
        changed = _write_variant(variant, row, options, currency)
        if sku not in shelf.variants:
            if product.pk not in shelf.of_product:
                shelf.add_product(product)
            variant.position = len(shelf.of_product[product.pk])
            shelf.add_variant(variant)
            changed = True
        elif changed:
            shelf.touch_variant(variant)
        if _write_stock(variant, row.stock, shelf) or changed:
            merged.outcome = max(merged.outcome, Outcome.UPDATED)
        merged.seen.append(variant)


def _find(group: ProductGroup, shelf: Shelf) -> Product | None:
    """The product by its handle; rows that name no product find it by their article number."""
    if not group.listed:
        for _row, sku, _options in group.articles():
            if variant := shelf.variants.get(sku):
                return variant.product
    return shelf.products.get(group.handle)


def _may_begin(group: ProductGroup, product: Product, merged: Merged) -> bool:
    """Whether a product that is new has what it needs; otherwise all its rows are refused."""
    if not product.title.is_empty:
        return True
    refused = {row.number for row, _problem in merged.refused}
    for row in group.rows:
        if row.number not in refused and row.is_variant:
            known = row.price is not None or row.titles
            problem = RowRefused("title_missing") if known else RowRefused("article_unknown", sku=row.sku)
            merged.refused.append((row, problem))
    return False


def _new_variant(row: ProductRow, sku: str, product: Product, currency: str) -> Variant:
    if row.price is None:
        raise RowRefused("price_missing")
    return Variant(product=product, sku=sku, price_minor=row.price, currency=currency)


def _write_variant(variant: Variant, row: ProductRow, options: dict[str, str], currency: str) -> bool:
    """Set what the row says; True when something differed."""
    values: dict[str, object] = {"retired_at": None}
    if row.price is not None:
        values |= {"price_minor": row.price, "currency": currency}
        if row.says_compare_at:
            values["compare_at_minor"] = row.compare_at
    if row.barcode is not None:
        values["barcode"] = row.barcode
    if options:
        values["options"] = options
    return _set(variant, values)


def _write_stock(variant: Variant, stock: dict[UUID, int], shelf: Shelf) -> bool:
    changed = False
    for store, pieces in stock.items():
        key = (variant.pk, store)
        shelf.stock.setdefault(key, Stock(variant=variant, store_id=store, on_hand=-1))
        row = shelf.stock[key]
        if row.on_hand != pieces:
            row.on_hand, row.counted_at = pieces, shelf.now
            shelf.changed_stock[key] = row
            changed = True
    return changed


def _write_product(product: Product, group: ProductGroup, shelf: Shelf, *, may_empty: bool) -> bool:
    """Set what the rows say. Texts in languages that the file does not have stay."""
    values: dict[str, object] = {
        "title": TranslatedText({**product.title, **group.texts("titles")}),
        "description": TranslatedText({**product.description, **group.texts("descriptions")}),
    }
    for name in _PLAIN:
        value = group.first(name)
        if value or (value is not None and may_empty):
            values[name] = value
    changed = _set(product, values)
    return _set(product, {"search_text": words_of(product, shelf.of_product[product.pk])}) or changed


def _set(row: Product | Variant, values: dict[str, object]) -> bool:
    changed = False
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed
