"""One row of a product file, read into typed values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from etalage.catalogue.importing.refusals import RowRefused
from etalage.catalogue.models import ProductStatus
from etalage.imports.reading.values import NO, YES, whole_number
from etalage.kit.text import LANGUAGES, plain_text, slugify_any

LONGEST = {"sku": 80, "handle": 160, "vendor": 120, "category": 160, "barcode": 40, "title": 300}
LONGEST_ADDRESS = 1000
HIGHEST_PRICE = 10**13
MOST_PIECES = 2_000_000_000
MOST_OPTIONS = 3
_MARKUP = re.compile(r"<[a-zA-Z/!]|&[a-z#0-9]+;")
_STATUS = {
    "active": ProductStatus.ACTIVE,
    "publish": ProductStatus.ACTIVE,
    "enabled": ProductStatus.ACTIVE,
    "draft": ProductStatus.DRAFT,
    "private": ProductStatus.DRAFT,
    "pending": ProductStatus.DRAFT,
    "disabled": ProductStatus.DRAFT,
    "-1": ProductStatus.DRAFT,
    "archived": ProductStatus.ARCHIVED,
}
_OF_ONE_PRODUCT = {"variation", "variant"}
_PARENT_ONLY = {"variable", "grouped"}


@dataclass(frozen=True)
class Sheet:
    """What holds for all rows: where the columns are, how amounts are read, and the stores by every name."""

    columns: Mapping[str, int]
    width: int
    language: str
    currency: str
    read_amount: Callable[[str], int]
    stores: Mapping[str, UUID]
    stock_columns: Mapping[int, UUID]
    """Columns of stock of one store each."""
    stock_store: UUID | None
    """The store of a column of stock that names none."""


@dataclass
class ProductRow:
    """What a row says of a product and, where `is_variant`, of one article. None: the file does not say.

    `problem` is why the article is not taken; what the row says of the product still counts for the other rows.
    """

    number: int
    cells: Sequence[str]
    handle: str
    sku: str
    titles: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    vendor: str | None = None
    category: str | None = None
    tags: list[str] | None = None
    status: ProductStatus | None = None
    images: list[str] = field(default_factory=list)
    image_alt: str = ""
    is_variant: bool = True
    option_names: list[str] = field(default_factory=list)
    option_values: list[str] = field(default_factory=list)
    price: int | None = None
    compare_at: int | None = None
    says_compare_at: bool = False
    barcode: str | None = None
    stock: dict[UUID, int] = field(default_factory=dict)
    problem: RowRefused | None = None


def read_row(sheet: Sheet, number: int, cells: Sequence[str]) -> ProductRow:
    """Read one row. Raises RowRefused when not even the product it belongs to can be told."""
    if any(cell.strip() for cell in cells[sheet.width :]):
        raise RowRefused("shifted")
    reader = _Reader(sheet, cells)
    sku = reader.text("sku")
    row = ProductRow(number, cells, reader.handle(sku), sku)
    kind = reader.cell("kind").casefold()
    try:
        if kind not in _OF_ONE_PRODUCT:
            reader.product(row)
        reader.options(row)
        row.is_variant = kind not in _PARENT_ONLY and reader.says_article(row)
        if row.is_variant:
            reader.article(row)
    except RowRefused as problem:
        row.problem = problem
    return row


def derived_sku(handle: str, options: Sequence[str]) -> str:
    """A stable article number for an article that has none: the product's handle and its options."""
    name = "-".join(filter(None, (slugify_any(part) for part in (handle, *options))))
    if len(name) <= LONGEST["sku"] and name:
        return name
    return f"{name[:63]}-{hashlib.sha256(' '.join((handle, *options)).encode()).hexdigest()[:16]}"


class _Reader:
    """The cells of one row, by what they mean."""

    def __init__(self, sheet: Sheet, cells: Sequence[str]) -> None:
        self._sheet = sheet
        self._cells = cells

    def cell(self, key: str) -> str:
        place = self._sheet.columns.get(key)
        return self._at(place) if place is not None else ""

    def _at(self, place: int) -> str:
        return self._cells[place].strip() if place < len(self._cells) else ""

    def text(self, key: str) -> str:
        """A cell of bounded length. Raises RowRefused."""
        value = self.cell(key)
        if len(value) > LONGEST[key]:
            raise RowRefused("too_long", column=key, limit=LONGEST[key])
        return value

    def told(self, key: str) -> str | None:
        return self.text(key) if key in self._sheet.columns else None

    def handle(self, sku: str) -> str:
        row_id = self.cell("id")
        name = self.text("handle") or sku or (f"id:{row_id}"[:80] if row_id else "")
        if not name:
            raise RowRefused("no_reference")
        return name

    def product(self, row: ProductRow) -> None:
        row.titles = self._texts("title")
        row.descriptions = self._texts("description")
        row.image_alt = self.cell("image_alt")
        row.images = _addresses(self.cell("image"))
        row.vendor = self.told("vendor")
        if "category" in self._sheet.columns:
            # "Clothing > Hoodies, Sale": the first path that is named.
            row.category = self.cell("category").split(",")[0].strip()[: LONGEST["category"]]
        if "tags" in self._sheet.columns:
            tags = (tag.strip() for tag in self.cell("tags").split(","))
            row.tags = [*dict.fromkeys(tag for tag in tags if tag)]
        row.status = _status(self.cell("status"))

    def _texts(self, key: str) -> dict[str, str]:
        texts = {self._sheet.language: self.cell(key)}
        for code in LANGUAGES:
            texts[code] = self.cell(f"{key}:{code}") or texts.get(code, "")
        if key == "title" and any(len(text) > LONGEST["title"] for text in texts.values()):
            raise RowRefused("too_long", column=key, limit=LONGEST["title"])
        return {code: _plain(text) for code, text in texts.items() if text}

    def options(self, row: ProductRow) -> None:
        for number in range(1, MOST_OPTIONS + 1):
            name, value = self.cell(f"option{number}_name"), self.cell(f"option{number}")
            if (name, value) == ("Title", "Default Title"):  # how Shopify writes a product without options
                continue
            row.option_names.append(name[:60])
            row.option_values.append(value[:120])
        for key in ("size", "colour"):
            if value := self.cell(key):
                row.option_names.append(key.capitalize())
                row.option_values.append(value[:120])

    def says_article(self, row: ProductRow) -> bool:
        """A row of a product with several may hold only one more picture."""
        if "handle" not in self._sheet.columns:
            return True
        return bool(
            row.sku or any(row.option_values) or self.cell("price") or self.cell("barcode") or self._stocked()
        )

    def _stocked(self) -> bool:
        return bool(self.cell("stock") or any(self._at(place) for place in self._sheet.stock_columns))

    def article(self, row: ProductRow) -> None:
        row.price, row.compare_at = self._amount("price"), self._amount("compare_at")
        row.says_compare_at = not {"compare_at", "sale_price"}.isdisjoint(self._sheet.columns)
        reduced = self._amount("sale_price")
        if reduced:
            row.price, row.compare_at = reduced, row.price
        row.barcode = self.told("barcode")
        for place, store in self._sheet.stock_columns.items():
            if text := self._at(place):
                row.stock[store] = _pieces(text)
        if text := self.cell("stock"):
            row.stock[self._store()] = _pieces(text)

    def _store(self) -> UUID:
        name = self.cell("store")
        store = self._sheet.stores.get(name.casefold()) if name else self._sheet.stock_store
        if store is None:
            raise RowRefused("store_unknown", text=name)
        return store

    def _amount(self, key: str) -> int | None:
        text = self.cell(key)
        if not text:
            return None
        try:
            minor = self._sheet.read_amount(text)
        except ValueError as error:
            raise RowRefused("price_unreadable", text=text[:60], currency=self._sheet.currency) from error
        if minor < 0:
            raise RowRefused("price_negative", text=text)
        if minor > HIGHEST_PRICE:
            raise RowRefused("price_unreadable", text=text[:60], currency=self._sheet.currency)
        return minor


def _plain(text: str) -> str:
    return plain_text(text) if _MARKUP.search(text) else text


def _addresses(cell: str) -> list[str]:
    """The addresses in a cell: one, or several between commas, bars or spaces."""
    parts = re.split(r"\s*[,|]\s*(?=\w+:|$)|\s+(?=https?:)", cell) if cell else []
    return [part[:LONGEST_ADDRESS] for part in parts if part]


def _status(text: str) -> ProductStatus | None:
    word = text.casefold()
    if not word:
        return None
    if word in _STATUS:
        return _STATUS[word]
    if word in YES:
        return ProductStatus.ACTIVE
    if word in NO:
        return ProductStatus.DRAFT
    raise RowRefused("status_unknown", text=text[:60])


def _pieces(text: str) -> int:
    """A number of pieces. Tills go below zero when they sold what was not counted: nothing is left then."""
    try:
        pieces = whole_number(text)
    except ValueError as error:
        raise RowRefused("stock_unreadable", text=text[:60]) from error
    if pieces > MOST_PIECES:
        raise RowRefused("stock_unreadable", text=text[:60])
    return max(0, pieces)
