"""What the rows of one order number say: a sale, a credit note, a sale with money given back, or why they are refused.

Signs tell a return: a receipt whose total is below zero is a credit note, whatever it is called, and amounts of a
receipt that is called a credit note went back, whatever their sign. Returns within a sale that is still paid for
stay lines below zero of that sale. A sale in a state such as “refunded” is a sale and a refund of all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from etalage.customers.identities import Known
from etalage.orders.models import OrderStatus

#: A line of a sale: article number, title, pieces, and in minor units the price of one and what all of it came to.
#: A plain tuple, because there are very many.
SaleLine = tuple[str, str, int, int, int]


class NoteLine(NamedTuple):
    """A line of a credit note: above zero went back. `position` 0 belongs to no article."""

    position: int
    sku: str
    title: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Sale:
    """The part of a receipt that was sold. `code` is the promotion code that it names."""

    place: str
    status: str
    total_minor: int
    discount_minor: int
    code: str
    lines: list[SaleLine]


@dataclass(frozen=True, slots=True)
class Note:
    """The part of a receipt that went back. `told_of` is the number of the sale that it names."""

    amount_minor: int
    told_of: str
    lines: list[NoteLine]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything under one number. `store` is the hex form of an id, or ""; `moment_us` is UTC since 1970."""

    number: str
    moment_us: int
    store: str
    currency: str
    identities: tuple[Known, ...]
    name: str
    sale: Sale | None
    note: Note | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The amounts of the whole receipt: `told_minor` None when only its lines have some."""

    told_minor: int | None
    discount_minor: int
    refunded_minor: int

    def of(self, lines: list[SaleLine]) -> int:
        """What the receipt comes to, below zero for a return."""
        summed = sum(line[4] for line in lines)
        if self.told_minor is None:
            return summed - self.discount_minor if summed >= 0 else summed + self.discount_minor
        return summed if lines and self.told_minor == -summed else self.told_minor


@dataclass(frozen=True, slots=True)
class Marks:
    """What a receipt is called: a credit note, cancelled, refunded whole, a refund of another number."""

    note: bool
    cancelled: bool
    refunded: bool
    told_of: str


def parted(
    lines: list[SaleLine], totals: Totals, marks: Marks, *, number: str, place: str, off_minor: int, code: str
) -> tuple[Sale | None, Note | None]:
    """The sale and the credit note in a receipt. `off_minor` are the discounts of its lines.

    A cancelled credit note is a cancelled sale below zero: it counts nowhere.
    """
    total = totals.of(lines)
    is_note = total < 0 or marks.note or marks.told_of not in ("", number)
    if is_note and not marks.cancelled:
        told_of = marks.told_of if marks.told_of != number else ""
        return None, Note(abs(total), told_of, _went_back(lines, abs(total), turned=total < 0))
    status = OrderStatus.CANCELLED if marks.cancelled else OrderStatus.PAID
    signed = -abs(total) if is_note else total
    sale = Sale(place, status.value, signed, off_minor + totals.discount_minor, code, lines)
    back = total if marks.refunded and not totals.refunded_minor else totals.refunded_minor
    if marks.cancelled or not back:
        return sale, None
    return sale, Note(back, number, _went_back(lines if back == total else [], back, turned=False))


def _went_back(lines: list[SaleLine], amount: int, *, turned: bool) -> list[NoteLine]:
    """The lines of a note that sum to `amount`; `turned` when what went back was written below zero."""
    back: list[NoteLine] = []
    for position, (sku, title, quantity, _unit, total) in enumerate(lines, 1):
        gone = -total if turned else total
        back.append(NoteLine(position, sku, title, -abs(quantity) if gone < 0 else abs(quantity), gone))
    rest = amount - sum(line.amount_minor for line in back)
    if rest:
        back.insert(0, NoteLine(0, "", "", 0, rest))
    return back
