"""Credit notes joined to the sales that they undo, worked out anew whenever a sale or a note of a customer changes.

The outcome depends on what is known, never on the order in which it came in: so a note that is read before its sale
is adopted by it later, and a file may be cut in two anywhere between orders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.kit.rows import insert, stored_moment
from etalage.orders.importing.matching import Given, Parts, SoldLine, SoldOrder, article_of, match
from etalage.orders.importing.receipts import NoteLine
from etalage.orders.models import Order, OrderLine, OrderStatus, Refund, RefundLine

REFUND_FIELDS = (
    *(
        "id",
        "source",
        "number",
        "order",
        "store",
        "customer",
        "refunded_at",
        "currency",
        "amount_minor",
        "told_of",
    ),
    *("by_file", "digest", "recorded_at"),
)
LINE_FIELDS = ("refund", "position", "line", "sku", "title", "quantity", "amount_minor")
Name = tuple[str, str]


@dataclass
class KnownNote:
    """A credit note whole, however many sales it is spread over.

    `refund_ids` are its rows by sale; `parts` what these hold, or nothing where they have to be written anew.
    """

    name: Name
    refunded_at: datetime
    customer_id: UUID | None
    store_id: UUID | None
    currency: str
    told_of: str
    digest: str
    lines: list[NoteLine] = field(default_factory=list)
    refund_ids: dict[UUID | None, UUID] = field(default_factory=dict)
    parts: Parts = field(default_factory=dict)


class Settled(NamedTuple):
    """The orders whose refunds are others now, and the moments of the notes that name no sale, now or before."""

    orders: set[UUID]
    loose: set[datetime]


class Touched(NamedTuple):
    """What has changed: customers, and sales by source and number. `notes` are not written yet."""

    customers: set[UUID]
    sales: set[Name]
    notes: list[KnownNote]


def settle(touched: Touched) -> Settled:
    """Bring the notes of what changed in line with the sales. Belongs in the transaction that changed it."""
    if not touched.notes and not Refund.objects.filter(by_file=True).exists():
        return Settled(set(), set())
    fresh = {note.name: note for note in touched.notes}
    named = _named_notes(touched, fresh)
    wanted = _any_name((note.name[0], note.told_of) for note in named)
    sales = _orders(wanted, named) if named else []
    by_name = {order.name: order for order in sales}
    customers = touched.customers | {order.customer_id for order in sales if order.customer_id}
    free = _free_notes(customers, fresh)
    decided: list[tuple[KnownNote, Parts]] = []
    _leave_others(sales, wanted, {note.name for note in (*named, *free)})
    for note in sorted(named, key=_when):
        order = by_name.get((note.name[0], note.told_of))
        fits = [order] if order and order.currency == note.currency else []
        decided.append((note, match(note.lines, fits, named=True)))
    decided += _match_free(free, decided)
    whole = [(note, parts or {None: []}) for note, parts in decided]
    return _write([(note, parts) for note, parts in whole if parts != note.parts])


def _match_free(
    free: list[KnownNote], decided: list[tuple[KnownNote, Parts]]
) -> list[tuple[KnownNote, Parts]]:
    """Share each note out over its customer's earlier sales, the latest first."""
    customers = {note.customer_id for note in free if note.customer_id}
    if not customers:
        return [(note, match(note.lines, [], named=False)) for note in free]
    wanted = Q(customer_id__in=customers)
    orders = _orders(wanted, free)
    _leave_others(orders, wanted, {note.name for note in free} | {note.name for note, _parts in decided})
    _leave_decided(orders, decided)
    theirs: dict[UUID | None, list[SoldOrder]] = defaultdict(list)
    for order in sorted(orders, key=lambda order: (-order.placed_us, order.name)):
        theirs[order.customer_id].append(order)
    outcome = []
    for note in sorted(free, key=_when):
        until = clock.to_micros(note.refunded_at)
        earlier = [
            order
            for order in theirs.get(note.customer_id, [])
            if order.placed_us <= until and order.currency == note.currency
        ]
        outcome.append((note, match(note.lines, earlier if note.customer_id else [], named=False)))
    return outcome


def _when(note: KnownNote) -> tuple[datetime, Name]:
    return note.refunded_at, note.name


def _any_name(names: Iterable[Name], source: str = "source", number: str = "number") -> Q:
    """Rows that have one of these sources and numbers."""
    by_source: dict[str, set[str]] = defaultdict(set)
    for said_source, said_number in names:
        by_source[said_source].add(said_number)
    found = Q(pk__in=[])
    for said_source, numbers in by_source.items():
        found |= Q(**{source: said_source, f"{number}__in": numbers})
    return found


def _named_notes(touched: Touched, fresh: dict[Name, KnownNote]) -> list[KnownNote]:
    """Every note that names a sale which changed, or which a changed note names."""
    sales = touched.sales | {(note.name[0], note.told_of) for note in touched.notes if note.told_of}
    if not sales:
        return []
    kept = Refund.objects.filter(_any_name(sales, number="told_of"), by_file=True).exclude(told_of="")
    return _with_fresh(kept, [note for note in fresh.values() if note.told_of], fresh)


def _free_notes(customers: set[UUID], fresh: dict[Name, KnownNote]) -> list[KnownNote]:
    """Every note of these customers that names no sale, and the new ones of nobody."""
    kept = Refund.objects.filter(customer_id__in=customers, by_file=True, told_of="")
    return _with_fresh(kept, [note for note in fresh.values() if not note.told_of], fresh)


def _with_fresh(
    kept: QuerySet[Refund], added: list[KnownNote], fresh: dict[Name, KnownNote]
) -> list[KnownNote]:
    return [note for note in known_notes(kept) if note.name not in fresh] + added


def known_notes(kept: QuerySet[Refund]) -> list[KnownNote]:
    """Notes put together from their rows. `kept` must hold all rows of each."""
    notes: dict[Name, KnownNote] = {}
    place: dict[UUID, tuple[KnownNote, UUID | None]] = {}
    for row in kept.select_for_update().order_by("id"):
        name = (row.source, row.number)
        note = notes.get(name)
        if note is None:
            note = notes[name] = KnownNote(
                *(name, row.refunded_at, row.customer_id, row.store_id, row.currency, row.told_of, row.digest)
            )
        note.refund_ids[row.order_id] = row.pk
        note.parts[row.order_id] = []
        place[row.pk] = (note, row.order_id)
    summed: dict[tuple[Name, int], NoteLine] = {}
    lines = RefundLine.objects.filter(refund__in=kept.order_by()).order_by("refund_id", "id")
    for refund_id, *told in lines.values_list("refund_id", *_GIVEN):
        note, order_id = place[refund_id]
        given = Given(*told)
        note.parts[order_id].append(given)
        key = (note.name, given.position)
        before = summed.get(key, NoteLine(given.position, given.sku, given.title, 0, 0))
        summed[key] = before._replace(
            quantity=before.quantity + given.quantity, amount_minor=before.amount_minor + given.amount_minor
        )
    for (name, _position), line in sorted(summed.items()):
        notes[name].lines.append(line)
    return list(notes.values())


_GIVEN = ("position", "line_id", "sku", "title", "quantity", "amount_minor")


def _orders(which: Q, notes: list[KnownNote]) -> list[SoldOrder]:
    """Sales as they were before any refund, with those of their lines that the notes could undo."""
    found: dict[UUID, SoldOrder] = {}
    rows = Order.objects.select_for_update().filter(which).order_by("id")
    for pk, source, number, placed_at, currency, total, status, customer_id in rows.values_list(
        "pk", "source", "number", "placed_at", "currency", "total_minor", "status", "customer_id"
    ):
        left = max(0, total) if status == OrderStatus.PAID else 0
        found[pk] = SoldOrder(pk, clock.to_micros(placed_at), (source, number), currency, left, customer_id)
    skus = {line.sku for note in notes for line in note.lines}
    lines = OrderLine.objects.filter(order__in=Order.objects.filter(which), sku__in=skus, quantity__gt=0)
    for order_id, line_id, position, sku, title, unit, quantity, worth in lines.values_list(
        "order_id", "id", "position", "sku", "title", "unit_minor", "quantity", "total_minor"
    ):
        sold = SoldLine(line_id, position, article_of(sku, title), unit, quantity, worth, quantity)
        found[order_id].lines.append(sold)
    return list(found.values())


def _leave_others(orders: list[SoldOrder], wanted: Q, ours: set[Name]) -> None:
    """Take off what refunds that are not decided anew here have given back of these sales (`wanted`)."""
    if not orders:
        return
    by_id = {order.order_id: order for order in orders}
    there = Refund.objects.filter(order__in=Order.objects.filter(wanted)).order_by()
    others: set[UUID] = set()
    for refund_id, order_id, source, number, amount, by_file in there.values_list(
        "pk", "order_id", "source", "number", "amount_minor", "by_file"
    ):
        if order_id in by_id and not (by_file and (source, number) in ours):
            others.add(refund_id)
            by_id[order_id].left_minor = max(0, by_id[order_id].left_minor - amount)
    lines = {line.line_id: line for order in orders for line in order.lines}
    taken = (
        RefundLine.objects.filter(refund__in=there, line__isnull=False)
        if others
        else RefundLine.objects.none()
    )
    for refund_id, line_id, quantity in taken.values_list("refund_id", "line_id", "quantity"):
        if refund_id in others and line_id in lines:
            lines[line_id].left = max(0, lines[line_id].left - quantity)


def _leave_decided(orders: list[SoldOrder], decided: list[tuple[KnownNote, Parts]]) -> None:
    """Take off what was decided just now and is not written yet."""
    by_id = {order.order_id: order for order in orders}
    lines = {line.line_id: line for order in orders for line in order.lines}
    for _note, parts in decided:
        for order_id, part in parts.items():
            for given in part:
                if order_id in by_id:
                    by_id[order_id].left_minor = max(0, by_id[order_id].left_minor - given.amount_minor)
                if given.line_id in lines:
                    lines[given.line_id].left = max(0, lines[given.line_id].left - given.quantity)


def _write(decided: list[tuple[KnownNote, Parts]]) -> Settled:
    """Replace the rows of these notes; a row of the same sale keeps its id."""
    old = [refund_id for note, _parts in decided for refund_id in note.refund_ids.values()]
    RefundLine.objects.filter(refund_id__in=old)._raw_delete("default")
    Refund.objects.filter(pk__in=old)._raw_delete("default")
    refunds: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    now = stored_moment(clock.now())
    for note, parts in decided:
        moment = stored_moment(note.refunded_at)
        for order_id, part in parts.items():
            refund_id = note.refund_ids.get(order_id) or uuid7()
            amount = sum(given.amount_minor for given in part)
            refunds.append(
                (
                    *(refund_id.hex, *note.name, _hex(order_id), _hex(note.store_id), _hex(note.customer_id)),
                    *(moment, note.currency, amount, note.told_of, True, note.digest, now),
                )
            )
            lines += [
                (
                    refund_id.hex,
                    given.position,
                    given.line_id,
                    given.sku,
                    given.title,
                    given.quantity,
                    given.amount_minor,
                )
                for given in part
            ]
    insert(Refund, REFUND_FIELDS, refunds)
    insert(RefundLine, LINE_FIELDS, lines)
    orders = {order_id for note, parts in decided for order_id in (*note.refund_ids, *parts) if order_id}
    sum_refunds(orders)
    loose = {note.refunded_at for note, parts in decided if None in note.refund_ids or None in parts}
    return Settled(orders, loose)


def sum_refunds(orders: Iterable[UUID]) -> None:
    """Make `refunded_minor` of these orders the sum of their refunds."""
    refunds = Refund.objects.filter(order_id=OuterRef("pk")).order_by().values("order_id")
    total = Subquery(refunds.annotate(total=Sum("amount_minor")).values("total"))
    Order.objects.filter(pk__in=set(orders)).update(refunded_minor=Coalesce(total, 0))


def _hex(value: UUID | None) -> str | None:
    return value.hex if value else None
