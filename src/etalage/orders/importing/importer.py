"""The importer of orders: reads a whole file, whatever the order of its rows, and writes it in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction

from etalage.accounts.models import Store
from etalage.customers.actions import Gone, hand_on_identities
from etalage.customers.queries import calling_code
from etalage.imports.importers import Context, Counts
from etalage.imports.reading.columns import Field, normal
from etalage.imports.reading.table import Table
from etalage.imports.reading.values import day_comes_first, decimal_mark, moment_reader
from etalage.kit.outages import gave_way
from etalage.kit.rows import count_anew
from etalage.orders.importing.fields import FIELDS
from etalage.orders.importing.notes import packed, unpacked, write_notes
from etalage.orders.importing.reader import ReceiptReader, Refused, Rules
from etalage.orders.importing.receipts import Receipt
from etalage.orders.importing.refusals import RowRefused
from etalage.orders.importing.sales import write_sales
from etalage.orders.importing.staging import Rows, Staging, staging
from etalage.orders.importing.surveying import Survey
from etalage.orders.importing.variants import Variants
from etalage.orders.importing.words import place_of
from etalage.orders.models import Order, OrderLine, Place, Refund, RefundLine

_BATCH_ORDERS = 500
_BATCH_LINES = 10_000
_BATCH_NOTES = 250
_ROWS_PER_REPORT = 5_000
_TRIES = 3
LONGEST_NUMBER = 80
_SHOPS = {"shopify": Place.ONLINE, "woocommerce": Place.ONLINE, "prestashop": Place.ONLINE}
_T = TypeVar("_T")


class OrderImporter:
    """Sales, credit notes and cancellations. `options`: source, store, place, currency, decimal, dates."""

    kind = "orders"

    @property
    def fields(self) -> Sequence[Field]:
        """The columns that it can read."""
        return FIELDS

    def check(self, columns: Mapping[str, int], options: Mapping[str, str]) -> None:
        """Any columns and choices go together."""

    def load(self, table: Table, context: Context) -> Counts:
        """Read every row. Each batch is a transaction: after a crash the same file is simply read again."""
        return _Loading(table, context).run()


class _Loading:
    """One file on its way in."""

    def __init__(self, table: Table, context: Context) -> None:
        self._table, self._context, self._counts = table, context, context.counts
        self._source = (context.options.get("source") or usual_source(table.header))[:40]
        self._width = len(table.header)
        self._rows = 0

    def run(self) -> Counts:
        with staging() as rows:
            survey = Survey(self._context.columns)
            self._set_aside(rows, survey)
            reader = self._reader(survey)
            variants = Variants()
            for batch in _batches(self._receipts(rows, reader), _BATCH_ORDERS, _BATCH_LINES):
                self._in_transaction(partial(write_sales, batch, self._source, variants))
            count_anew(Order, OrderLine, Refund, RefundLine)  # joining notes reads all four together
            notes = map(unpacked, rows.notes())
            while some := list(islice(notes, _BATCH_NOTES)):
                self._in_transaction(partial(write_notes, some, self._source))
        return self._counts

    def _set_aside(self, staged: Staging, survey: Survey) -> None:
        """Lay the rows by, those of one order together, each as wide as the header and one empty cell more."""
        width, key = self._width, self._context.columns["number"]
        number, rows = "", Rows()

        def hand_over() -> None:
            survey.look(rows)
            staged.add(number, rows)

        for count, (place, row) in enumerate(self._table.rows, 1):
            if len(row) != width:
                _fit(row, width)
            row.append("")
            if row[key] != number and (told := row[key].strip()) != number:
                if len(rows):
                    hand_over()
                number, rows = told, Rows()
            if 0 < len(number) <= LONGEST_NUMBER:
                rows.places.append(place)
                rows.cells.append(row)
            else:
                self._refuse(place, row, RowRefused("number_too_long" if number else "number_missing"))
            if not count % _ROWS_PER_REPORT:
                self._rows = count
                self._context.progress(count, self._counts)
                if len(rows) >= _ROWS_PER_REPORT:
                    hand_over()
                    rows = Rows()
            self._rows = count
        if len(rows):
            hand_over()

    def _reader(self, survey: Survey) -> ReceiptReader:
        context, columns = self._context, survey.columns()
        options = context.options
        day_first = options.get("dates") != "month-first"
        if not options.get("dates"):
            day_first = day_comes_first(survey.dates) is not False
        stores = Stores()
        place = place_of(options.get("place", "")) or _SHOPS.get(self._source, Place.STORE).value
        rules = Rules(
            source=self._source,
            currency=context.currency,
            store=stores.called(options.get("store", "")),
            place=place,
            decimal=options.get("decimal") or decimal_mark(survey.amounts),
            calling_code=calling_code(),
            moment=moment_reader(context.zone, day_first),
            find_store=stores.called,
        )
        return ReceiptReader(columns, self._width, self._table.header, rules)

    def _receipts(self, staged: Staging, reader: ReceiptReader) -> Iterator[Receipt]:
        """Every order that can be taken; its credit note is laid by, and what is refused is kept with the reason."""
        too_long = ""
        for number, rows in staged.orders():
            try:
                receipt = reader.read(number, rows, rest=number == too_long)
            except Refused as refused:
                too_long = number if refused.too_long else too_long
                for place, row in rows:
                    self._refuse(place, row, refused.of(place))
                continue
            if receipt.note:
                staged.add_note(repr(receipt.identities), packed(receipt, receipt.note))
            yield receipt

    def _refuse(self, place: int, row: list[str], reason: RowRefused) -> None:
        self._counts.refused += 1
        self._context.refuse(place, row[:-1], reason)

    def _in_transaction(self, write: Callable[[Counts], None]) -> None:
        """Write a batch whole. Where somebody else was faster with the same orders, look again and correct."""
        for left in reversed(range(_TRIES)):
            counts = Counts()
            try:
                with transaction.atomic():
                    write(counts)
                break
            except (IntegrityError, OperationalError, Gone) as error:
                if not left or (isinstance(error, OperationalError) and not gave_way(error)):
                    raise
                if isinstance(error, Gone):
                    hand_on_identities(error.customer_ids)
        self._counts.created += counts.created
        self._counts.updated += counts.updated
        self._counts.unchanged += counts.unchanged
        self._context.progress(self._rows, self._counts)


class Stores:
    """Stores by what files call them: their code or name, in any case."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        for store in Store.objects.order_by("-closed_at", "-id"):
            self._known[normal(store.name)] = store.pk.hex
        for store in Store.objects.all():
            self._known[normal(store.code)] = store.pk.hex

    def called(self, text: str) -> str:
        """The id (hex) of the store; "" when there is none."""
        return self._known.get(normal(text), "") if text else ""


def usual_source(header: Sequence[str]) -> str:
    """The program that exports such a header; "till" when nothing tells."""
    names = set(map(normal, header))
    if "lineitemname" in names:
        return "shopify"
    if {"emailbilling", "itemcost"} & names:
        return "woocommerce"
    return "prestashop" if "unitpricetaxincl" in names else "till"


def _fit(row: list[str], width: int) -> None:
    """Make a row as wide as the header; filled cells beyond it stay, to be refused."""
    row.extend([""] * (width - len(row)))
    while len(row) > width and not row[-1].strip():
        row.pop()


def _batches(receipts: Iterator[Receipt], most: int, most_lines: int) -> Iterator[list[Receipt]]:
    batch: list[Receipt] = []
    lines = 0
    for receipt in receipts:
        batch.append(receipt)
        lines += len(receipt.sale.lines) if receipt.sale else 1
        if len(batch) >= most or lines >= most_lines:
            yield batch
            batch, lines = [], 0
    if batch:
        yield batch
