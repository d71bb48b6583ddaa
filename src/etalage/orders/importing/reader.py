"""From the rows of one order number to a receipt, or to the reasons why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

from etalage.customers.identities import Known, normal_identities
from etalage.customers.models import IdentityKind
from etalage.kit import clock
from etalage.kit.money import is_currency
from etalage.orders.importing import words
from etalage.orders.importing.amounts import Cells, LineReader
from etalage.orders.importing.receipts import Marks, Receipt, SaleLine, Totals, parted
from etalage.orders.importing.refusals import RowRefused
from etalage.orders.importing.staging import LONGEST_ORDER, Rows
from etalage.orders.models import Place

#: Cells that hold for the whole receipt: filled once or the same in every row.
_HEADER = (
    *(
        "store",
        "place",
        "status",
        "type",
        "currency",
        "order_discount",
        "order_total",
        "refunded",
        "refund_of",
    ),
    *("cancelled_at", "email", "phone", "card", "customer_number", "customer_name", "code"),
)
_FREELY_WRITTEN = {"customer_name", "cancelled_at"}
_SAME_RECEIPT = timedelta(days=1)
_ABSENT = -1  # every row ends in an empty cell, which stands for the columns that the file does not have


@dataclass(frozen=True)
class Rules:
    """What holds for the whole file."""

    source: str
    currency: str
    store: str
    place: str
    decimal: str | None
    calling_code: str
    moment: Callable[[str], datetime]
    find_store: Callable[[str], str]


class Refused(Exception):
    """An order that is not taken: for each of its rows, why."""

    def __init__(self, reasons: Mapping[int, RowRefused], otherwise: RowRefused) -> None:
        super().__init__(otherwise.code)
        self._reasons, self._otherwise = reasons, otherwise

    def of(self, number: int) -> RowRefused:
        """The reason of one row."""
        return self._reasons.get(number, self._otherwise)

    @property
    def too_long(self) -> bool:
        """Whether further rows of the same order are refused too."""
        return self._otherwise.code == "too_many_lines"


def _cells(columns: Mapping[str, int], *keys: str) -> Any:
    """A function from a row to its cells in these columns."""
    return itemgetter(*(columns.get(key, _ABSENT) for key in keys))


class ReceiptReader:
    """Reads orders of one file."""

    def __init__(self, columns: Mapping[str, int], width: int, header: Sequence[str], rules: Rules) -> None:
        self._columns, self._width, self._titles, self._rules = columns, width, header, rules
        self._header = [(key, itemgetter(columns[key])) for key in _HEADER if key in columns]
        self._named: Callable[[list[str]], tuple[str, str]] = _cells(columns, "sku", "title")
        self._priced: Callable[[list[str]], Cells] = _cells(
            columns, "quantity", "unit_price", "line_discount", "line_total"
        )
        self._date = columns["date"]
        self._readers: dict[str, LineReader] = {}
        self._people = lru_cache(maxsize=20_000)(self._known_by)

    def read(self, number: str, rows: Rows, *, rest: bool = False) -> Receipt:
        """The receipt that the rows are; `rest` when it began with more than can be taken. Raises Refused."""
        if rest or len(rows) > LONGEST_ORDER:
            raise self._all(RowRefused("too_many_lines", number=number, limit=LONGEST_ORDER))
        most = self._width + 1
        if max(map(len, rows.cells)) > most:
            refusal = RowRefused("too_many_cells")
            raise self._some(number, {place: refusal for place, row in rows if len(row) > most})
        try:
            told = self._told(number, rows)
            currency = self._currency(told.get("currency", ""))
            store = self._store(told.get("store", ""))
            totals = self._totals(told, currency)
            moment = self._moment(number, rows)
        except RowRefused as refusal:
            raise self._all(refusal) from None
        lines, off = self._lines(number, rows, currency, whole=totals.told_minor is not None)
        marks = Marks(
            note=words.is_note(told.get("type", ""), number),
            cancelled=bool(told.get("cancelled_at")) or words.is_cancelled(told.get("status", "")),
            refunded=words.is_refunded(told.get("status", "")),
            told_of=told.get("refund_of", "")[:80],
        )
        place = self._place(told.get("place", ""), store)
        code = told.get("code", "")
        sale, note = parted(lines, totals, marks, number=number, place=place, off_minor=off, code=code)
        people = tuple(told.get(key, "") for key in ("email", "phone", "card", "customer_number"))
        name = told.get("customer_name", "")[:160]
        return Receipt(number, moment, store, currency, self._people(people), name, sale, note)

    def _told(self, number: str, rows: Rows) -> dict[str, str]:
        """The cells of the whole receipt. Raises RowRefused where rows contradict each other."""
        told: dict[str, str] = {}
        for key, cell in self._header:
            said = set(map(cell, rows.cells))
            if len(said) == 1:
                told[key] = said.pop().strip()
                continue
            said = {cell.strip() for cell in said} - {""}
            if len(said) > 1 and key not in _FREELY_WRITTEN:
                raise RowRefused("contradiction", number=number, column=self._titles[self._columns[key]])
            told[key] = min(said, default="")
        return told

    def _lines(self, number: str, rows: Rows, currency: str, *, whole: bool) -> tuple[list[SaleLine], int]:
        """The lines and the sum of their discounts. `whole`: the receipt has a total, so a line need not."""
        read = self._reader(currency)
        known = read.known.get
        named, priced = self._named, self._priced
        lines: list[SaleLine] = []
        bad: dict[int, RowRefused] = {}
        off = 0
        for place, row in rows:
            cells = priced(row)
            sku, title = named(row)
            worth = known(cells) or read(cells)
            if whole and isinstance(worth, RowRefused) and worth.code == "amount_missing":
                if not (sku.strip() or title.strip()):
                    continue
                worth = read((cells[0], "0", "", ""))
            if isinstance(worth, RowRefused):
                bad[place] = worth
                continue
            pieces, unit, paid, less = worth
            off += less
            lines.append((sku.strip()[:80], title.strip()[:300], pieces, unit, paid))
        if bad:
            raise self._some(number, bad)
        return lines, off

    def _moment(self, number: str, rows: Rows) -> int:
        """The earliest moment among the rows, in microseconds. Raises RowRefused or Refused."""
        said = set(map(itemgetter(self._date), rows.cells))
        moments = []
        for text in said if len(said) == 1 else {text for text in said if text.strip()} or {""}:
            try:
                moments.append(self._rules.moment(text))
            except (ValueError, OverflowError):
                refusal = RowRefused("date_invalid", text=text.strip()[:60])
                bad = {place: refusal for place, row in rows if row[self._date].strip() == text.strip()}
                raise self._some(number, bad) from None
        if max(moments) - min(moments) > _SAME_RECEIPT:
            raise RowRefused("days_apart", number=number)
        return clock.to_micros(min(moments))

    def _totals(self, told: Mapping[str, str], currency: str) -> Totals:
        read = self._reader(currency)
        total = told.get("order_total", "")
        return Totals(
            read.amount(total) if total else None,
            abs(read.amount(told.get("order_discount", ""))),
            abs(read.amount(told.get("refunded", ""))),
        )

    def _currency(self, text: str) -> str:
        if not text:
            return self._rules.currency
        if not is_currency(text.upper()):
            raise RowRefused("currency_unknown", text=text[:60])
        return text.upper()

    def _reader(self, currency: str) -> LineReader:
        if currency not in self._readers:
            self._readers[currency] = LineReader(currency, self._rules.decimal)
        return self._readers[currency]

    def _store(self, text: str) -> str:
        if not text:
            return self._rules.store
        found = self._rules.find_store(text)
        if not found:
            raise RowRefused("store_unknown", text=text[:60])
        return found

    def _place(self, text: str, store: str) -> str:
        return words.place_of(text) or (Place.STORE.value if store else self._rules.place)

    def _known_by(self, told: tuple[str, str, str, str]) -> tuple[Known, ...]:
        """Identities in their normal form; what nobody can be known by is left out, and so is customer 0."""
        email, phone, card, number = told
        pairs = [(IdentityKind.EMAIL.value, email), (IdentityKind.PHONE.value, phone)]
        pairs.append((IdentityKind.CARD.value, card))
        if number.strip("0"):
            pairs.append((IdentityKind.IMPORT.value, f"{self._rules.source}:{number}"))
        return tuple(sorted(normal_identities([pair for pair in pairs if pair[1]], self._rules.calling_code)))

    def _some(self, number: str, reasons: Mapping[int, RowRefused]) -> Refused:
        return Refused(reasons, RowRefused("sibling", number=number))

    def _all(self, reason: RowRefused) -> Refused:
        return Refused({}, reason)
