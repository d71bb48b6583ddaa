"""From the cells of a line to what it costs, exact and rounded once."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from etalage.imports.reading.values import whole_number
from etalage.kit.amounts import parse_amount, parse_exact
from etalage.kit.money import exponent
from etalage.orders.importing.refusals import RowRefused

MOST_MINOR = 10**15
MOST_PIECES = 2_000_000_000
_MOST_REMEMBERED = 100_000


#: Quantity, price, discount and total of a line, as the file writes them.
Cells = tuple[str, str, str, str]


class Worth(NamedTuple):
    """What one line says: pieces, the price of one, the line after its discount, and that discount."""

    quantity: int
    unit_minor: int
    total_minor: int
    discount_minor: int


class LineReader:
    """Reads quantity, price, discount and total of a line in one currency. Remembers what it met: prices repeat.

    A price may have more decimals than the currency; price times quantity is exact, then rounded half to even, once
    per line. Where the line's total is given too, it is what was paid and wins, but takes its sign from the
    quantity when it is the same amount with the other sign. A part of a piece (350 g) counts as one piece.
    """

    def __init__(self, currency: str, decimal: str | None) -> None:
        self._currency, self._decimal = currency, decimal
        self._scale = 10 ** exponent(currency)
        self.known: dict[Cells, Worth | RowRefused] = {}

    def __call__(self, cells: Cells) -> Worth | RowRefused:
        """What the cells say, or why they cannot be read. Look into `known` first: a call costs more than that."""
        found = self.known.get(cells)
        if found is None:
            if len(self.known) >= _MOST_REMEMBERED:
                self.known.clear()
            try:
                found = self._read(*cells)
            except RowRefused as refusal:
                found = refusal
            self.known[cells] = found
        return found

    def amount(self, text: str) -> int:
        """Minor units of an amount; 0 for an empty cell. Raises RowRefused."""
        if not text.strip():
            return 0
        try:
            return _within(parse_amount(text, self._currency, self._decimal), text)
        except ValueError:
            raise RowRefused("amount_invalid", text=text.strip()[:60]) from None

    def _read(self, quantity: str, price: str, discount: str, total: str) -> Worth:
        pieces, exact = self._pieces(quantity)
        off = abs(self.amount(discount))
        if not price.strip():
            if not total.strip():
                raise RowRefused("amount_missing")
            paid = self.amount(total)
            return Worth(pieces, round(Fraction(paid, pieces)) if pieces else paid, paid, off)
        unit = self._price(price)
        gross = _within(round(exact * unit), price)
        net = gross - off if gross >= 0 else gross + off
        if total.strip():
            paid = self.amount(total)
            net = net if paid == -net else paid
        return Worth(pieces, _within(round(unit), price), net, off)

    def _price(self, text: str) -> Fraction:
        """The price in minor units, with its parts of one."""
        try:
            price: Fraction = parse_exact(text, self._currency, self._decimal) * self._scale
            return price
        except ValueError:
            raise RowRefused("amount_invalid", text=text.strip()[:60]) from None

    def _pieces(self, text: str) -> tuple[int, Fraction]:
        if not text.strip():
            return 1, Fraction(1)
        try:
            pieces = whole_number(text)
            exact = Fraction(pieces)
        except ValueError:
            exact = self._part(text)
            pieces = -1 if exact < 0 else 1
        if abs(pieces) > MOST_PIECES:
            raise RowRefused("quantity_invalid", text=text.strip()[:60])
        return pieces, exact

    def _part(self, text: str) -> Fraction:
        try:
            return parse_exact(text, self._currency, self._decimal or ".")
        except ValueError:
            raise RowRefused("quantity_invalid", text=text.strip()[:60]) from None


def _within(minor: int, text: str) -> int:
    if abs(minor) > MOST_MINOR:
        raise RowRefused("amount_invalid", text=text.strip()[:60])
    return minor
