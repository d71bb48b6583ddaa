"""The importer of products: reads rows, puts them together, and lays them over the catalogue batch by batch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from uuid import UUID

from django.db import transaction

from etalage.accounts.models import Store
from etalage.accounts.queries import current_business, open_stores
from etalage.catalogue.importing.fields import FIELDS, store_fields
from etalage.catalogue.importing.gone import Gone
from etalage.catalogue.importing.groups import ProductGroup, group_rows
from etalage.catalogue.importing.merge import Outcome, merge
from etalage.catalogue.importing.pictures import merge_pictures
from etalage.catalogue.importing.prices import price_reader
from etalage.catalogue.importing.refusals import RowRefused
from etalage.catalogue.importing.rows import ProductRow, Sheet, read_row
from etalage.catalogue.importing.shelf import fill_shelf
from etalage.imports.importers import Context, Counts
from etalage.imports.reading.columns import Field
from etalage.imports.reading.refusals import FileRefused
from etalage.imports.reading.table import Row, Table
from etalage.imports.reading.values import decimal_mark
from etalage.imports.turns import take_turn
from etalage.kit import clock
from etalage.kit.money import is_currency

BATCH = 300
SAMPLE = 1000
_CURRENCY = re.compile(r"[\s_(\[]([A-Za-z]{3})[)\]]?$")
Rows = Iterator[tuple[int, Row]]


class ProductImporter:
    """Reads products, prices, stock and pictures. Products that the file does not name stay as they are."""

    kind = "products"

    def __init__(self, batch: int = BATCH) -> None:
        self._batch = batch

    @property
    def fields(self) -> Sequence[Field]:
        """What it can read; a column of stock for each open store comes first, since its name says most."""
        return [*store_fields(open_stores()), *FIELDS]

    def check(self, columns: Mapping[str, int], options: Mapping[str, str]) -> None:
        """Raise FileRefused for stock that belongs to no store."""
        stores = list(open_stores())
        if "stock" in columns and "store" not in columns and _stock_store(stores, options) is None:
            raise FileRefused("stock_without_store", stores=", ".join(f"{s.code} ({s.name})" for s in stores))

    def load(self, table: Table, context: Context) -> Counts:
        """Read every row. Raises FileRefused when the file is damaged."""
        first = list(islice(table.rows, SAMPLE))
        sheet = _sheet(table.header, [row for _number, row in first], context)
        rows = _rows(sheet, chain(first, table.rows), context)
        gone = Gone()
        read = 0
        for batch in _batches(group_rows(rows, listed="handle" in sheet.columns), self._batch):
            _write(batch, sheet, context, gone)
            read += sum(len(group.rows) for group in batch)
            context.progress(read, context.counts)
        gone.settle(clock.now(), context.counts)
        return context.counts


def _rows(sheet: Sheet, numbered: Iterable[tuple[int, Row]], context: Context) -> Iterator[ProductRow]:
    for number, cells in numbered:
        try:
            yield read_row(sheet, number, cells)
        except RowRefused as problem:
            _refuse(context, number, cells, problem)


def _refuse(context: Context, number: int, cells: Sequence[str], problem: RowRefused) -> None:
    context.refuse(number, cells, problem)
    context.counts.refused += 1


def _batches(groups: Iterable[ProductGroup], size: int) -> Iterator[list[ProductGroup]]:
    """Groups together until they hold `size` rows."""
    batch: list[ProductGroup] = []
    rows = 0
    for group in groups:
        batch.append(group)
        rows += len(group.rows)
        if rows >= size:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _write(batch: list[ProductGroup], sheet: Sheet, context: Context, gone: Gone) -> None:
    """Lay one batch over the catalogue, in one transaction."""
    with_pictures = "image" in sheet.columns
    refused: list[tuple[ProductRow, RowRefused]] = []
    with transaction.atomic():
        take_turn("catalogue")
        shelf = fill_shelf(batch, clock.now(), with_pictures=with_pictures)
        for group in batch:
            merged = merge(group, shelf, sheet.currency, gone.first_time)
            refused += merged.refused
            if merged.product is None:
                gone.note(group, merged, shelf, with_pictures=with_pictures)
                continue
            key, outcome = merged.product.pk, merged.outcome
            if with_pictures and merge_pictures(
                merged.product, group, shelf, sheet.language, first_time=gone.first_time(key)
            ):
                outcome = max(outcome, Outcome.UPDATED)
            gone.note(group, merged, shelf, with_pictures=with_pictures)
            gone.count(key, outcome, context.counts)
        shelf.write()
    for row, problem in sorted(refused, key=lambda entry: entry[0].number):
        _refuse(context, row.number, row.cells, problem)


def _sheet(header: Sequence[str], sample: Sequence[Row], context: Context) -> Sheet:
    columns = context.columns
    stores = list(open_stores())
    prices = [
        row[place] for key in ("price", "sale_price", "compare_at") if (place := columns.get(key)) is not None
        for row in sample if place < len(row)
    ]  # fmt: skip
    currency = _currency(header, context)
    names = _names(stores)
    return Sheet(
        columns=columns,
        width=len(header),
        language=context.options.get("language") or current_business().language,
        currency=currency,
        read_amount=price_reader(currency, context.options.get("decimal") or decimal_mark(prices)),
        stores=names,
        stock_columns={
            place: names[key.removeprefix("stock:").casefold()]
            for key, place in columns.items()
            if key.startswith("stock:")
        },
        stock_store=_stock_store(stores, context.options),
    )


def _names(stores: Iterable[Store]) -> dict[str, UUID]:
    """The stores by name and by code, whatever their case."""
    return {name.casefold(): store.pk for store in stores for name in (store.name, store.code)}


def _stock_store(stores: Sequence[Store], options: Mapping[str, str]) -> UUID | None:
    """The store of a column of stock that names none: the one told, else the only one."""
    told = _names(stores).get(options.get("store", "").casefold())
    return told or (stores[0].pk if len(stores) == 1 else None)


def _currency(header: Sequence[str], context: Context) -> str:
    """The currency told, else the one that the name of the price column ends with, else the business's own."""
    place = context.columns.get("price")
    named = _CURRENCY.search(header[place]) if place is not None else None
    if named and "currency" not in context.options and is_currency(named[1].upper()):
        return named[1].upper()
    return context.currency
