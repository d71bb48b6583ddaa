"""Which sales a credit note undoes: decided from the sales and notes alone, whatever came in first. No database.

A note that names its sale goes there. Any other goes, line by line, to the same customer's latest earlier sales of
the same article that are not given back yet. No sale is given back more than it cost; what is left of the note
stays without a sale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from etalage.orders.importing.receipts import NoteLine


@dataclass
class SoldLine:
    """A line of a sale: `sold` pieces for `total_minor`, of which `left` are not given back yet."""

    line_id: int
    position: int
    article: str
    unit_minor: int
    sold: int
    total_minor: int
    left: int


@dataclass
class SoldOrder:
    """A sale, with the amount that is not given back yet; nothing of a cancelled one can be."""

    order_id: UUID
    placed_us: int
    name: tuple[str, str]
    currency: str
    left_minor: int
    customer_id: UUID | None = None
    lines: list[SoldLine] = field(default_factory=list)


@dataclass(frozen=True)
class Given:
    """A piece of a note: what went back of one line, and which line of the sale it undoes."""

    position: int
    line_id: int | None
    sku: str
    title: str
    quantity: int
    amount_minor: int


Parts = dict[UUID | None, list[Given]]


def article_of(sku: str, title: str) -> str:
    """What two lines must share to be of the same article."""
    return sku or f"\n{title}"


def match(lines: Sequence[NoteLine], orders: Sequence[SoldOrder], *, named: bool) -> Parts:
    """Share the lines of one note out over `orders`, the first choice first, and take it from what they have left.

    `named`: the note names the order, so that it also takes what fits no line.
    """
    parts: Parts = {}
    # By what they say, not by where they stand: the rows of a file may come in any order.
    ordered = sorted(lines, key=lambda line: (line.sku, line.title, -line.amount_minor, -line.quantity))
    for line in ordered:
        if line.amount_minor >= 0:
            _give_back(line, orders, parts, named=named)
    for line in ordered:
        if line.amount_minor < 0:
            _take_off(line, orders, parts)
    return parts


def _give_back(line: NoteLine, orders: Sequence[SoldOrder], parts: Parts, *, named: bool) -> None:
    pieces, amount, excess = line.quantity, line.amount_minor, 0
    wanted = article_of(line.sku, line.title)
    for order in orders:
        for sold in _candidates(order, wanted, line):
            if not pieces or (amount and not order.left_minor):
                break
            taken = min(pieces, sold.left)
            share = amount * taken // pieces
            given = min(share, order.left_minor)
            sold.left -= taken
            pieces -= taken
            amount -= share
            excess += share - given
            order.left_minor -= given
            parts.setdefault(order.order_id, []).append(_piece(line, sold.line_id, taken, given))
    amount += excess
    if named and orders and amount and orders[0].left_minor:
        given = min(amount, orders[0].left_minor)
        orders[0].left_minor -= given
        parts.setdefault(orders[0].order_id, []).append(_piece(line, None, pieces, given))
        pieces, amount = 0, amount - given
    if pieces or amount or line.quantity == line.amount_minor == 0:
        parts.setdefault(None, []).append(_piece(line, None, pieces, amount))


def _candidates(order: SoldOrder, wanted: str, line: NoteLine) -> list[SoldLine]:
    """The lines of the same article with pieces left, those at the note's own price first.

    Then by what they say: their position decides only between lines that are the same in all.
    """
    price = line.amount_minor // line.quantity if line.quantity else 0
    found = [sold for sold in order.lines if sold.article == wanted and sold.left > 0]
    return sorted(
        found, key=lambda sold: (sold.unit_minor != price, -sold.unit_minor, -sold.left, *_said(sold))
    )


def _said(sold: SoldLine) -> tuple[int, int, int]:
    return -sold.sold, -sold.total_minor, sold.position


def _take_off(line: NoteLine, orders: Sequence[SoldOrder], parts: Parts) -> None:
    """Set a fee, or what was bought in exchange, off against what went back."""
    rank = {order.order_id: place for place, order in enumerate(orders)}
    by_id = {order.order_id: order for order in orders}
    owed, pieces = -line.amount_minor, line.quantity
    totals = {key: sum(given.amount_minor for given in part) for key, part in parts.items()}
    for key in sorted(totals, key=lambda key: (key is None, rank.get(key, 0) if key else 0)):
        taken = min(owed, totals[key])
        if taken <= 0:
            continue
        owed -= taken
        if key is not None:
            by_id[key].left_minor += taken
        parts.setdefault(key, []).append(_piece(line, None, pieces, -taken))
        pieces = 0
    if owed:
        parts.setdefault(None, []).append(_piece(line, None, pieces, -owed))


def _piece(line: NoteLine, line_id: int | None, pieces: int, amount: int) -> Given:
    return Given(line.position, line_id, line.sku, line.title, pieces, amount)
