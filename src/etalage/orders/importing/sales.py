"""The sales of a batch, written: new ones, corrected ones, and those that turned out to be credit notes."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F

from etalage.customers.actions.many import Person, find_or_create_many
from etalage.customers.identities import Known
from etalage.imports.importers import Counts
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.kit.rows import insert, insert_or_replace, stored_micros, stored_moment, update
from etalage.orders.events import OrdersChanged, SalesMoved
from etalage.orders.importing.codes import CodeUse, keep_uses
from etalage.orders.importing.receipts import Receipt, Sale
from etalage.orders.importing.settling import Touched, settle, sum_refunds
from etalage.orders.importing.variants import Variants
from etalage.orders.models import Order, OrderLine, Refund, RefundLine

_AT_ONCE = 500
_SKU = itemgetter(0)
_TOLD = ("place", "status", "store", "customer", "placed_at", "currency", "total_minor", "discount_minor")
_NEW = ("id", "source", "number", *_TOLD, "refunded_minor", "digest", "recorded_at")
_CORRECTED = (*_TOLD, "digest", "recorded_at")
_LINE = ("order", "position", "variant", "sku", "title", "quantity", "unit_minor", "total_minor")
People = dict[tuple[Known, ...], UUID]


class KnownOrder(NamedTuple):
    """What is kept of a sale already."""

    id: UUID
    digest: str
    customer_id: UUID | None
    placed_at: datetime


@dataclass
class _Batch:
    """What a batch writes."""

    new: list[tuple[Any, ...]] = field(default_factory=list)
    corrected: list[tuple[Any, ...]] = field(default_factory=list)
    new_lines: list[tuple[Any, ...]] = field(default_factory=list)
    corrected_lines: list[tuple[Any, ...]] = field(default_factory=list)
    lengths: dict[UUID, int] = field(default_factory=dict)
    uses: list[CodeUse] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)
    customers: set[UUID] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    left: set[datetime] = field(default_factory=set)
    lost: set[UUID] = field(default_factory=set)


class _Known(NamedTuple):
    """What a batch needs to write its sales."""

    source: str
    people: People
    digests: dict[str, str]
    variants: dict[str, str | None]
    now: Any


def digest_of(receipt: Receipt, variants: dict[str, str | None]) -> str:
    """What a receipt says, in short: the same for the same lines in any order, with the variants that they mean."""
    sale, note = receipt.sale, receipt.note
    told: list[Any] = [receipt.moment_us, receipt.store, receipt.currency, receipt.identities, receipt.name]
    if sale:
        lines = sorted(sale.lines)
        told += [
            sale.place,
            sale.status,
            sale.total_minor,
            sale.discount_minor,
            sale.code,
            *lines,
        ]
        told += map(variants.get, map(_SKU, lines))
    if note:
        told += [note.amount_minor, note.told_of, *sorted(line[1:] for line in note.lines)]
    # Format 2 of marshal writes the same values as the same bytes always, at a fifth of what repr costs.
    return blake2b(marshal.dumps(told, 2), digest_size=16).hexdigest()


def write_sales(receipts: Sequence[Receipt], source: str, variants: Variants, counts: Counts) -> None:
    """Write the sales among these receipts and let go of what is no sale any more. In the caller's transaction."""
    sold = chain.from_iterable(receipt.sale.lines for receipt in receipts if receipt.sale)
    known_variants = variants.of(set(map(_SKU, sold)))
    digests = {receipt.number: digest_of(receipt, known_variants) for receipt in receipts}
    known = _known_orders(source, digests)
    others = [
        receipt
        for receipt in receipts
        if not (found := known.get(receipt.number)) or found.digest != digests[receipt.number]
    ]
    counts.unchanged += sum(1 for receipt in receipts if receipt.sale) - sum(
        1 for each in others if each.sale
    )
    batch = _Batch()
    people = people_of(receipt for receipt in others if receipt.sale)
    here = _Known(source, people, digests, known_variants, stored_moment(clock.now()))
    for receipt in others:
        found = known.get(receipt.number)
        if receipt.sale:
            counts.updated += found is not None
            counts.created += found is None
            _take(batch, receipt, receipt.sale, found, here)
        elif found:
            _let_go(batch, receipt, found, here)
    _write(batch)
    refunded = _forget_notes(source, [receipt.number for receipt in receipts if not receipt.note], batch)
    touched = Touched(batch.customers, {(source, number) for number in batch.numbers}, [])
    settled = settle(touched)
    announce_orders(batch.changed | refunded | settled.orders)
    announce_moved(batch.left | settled.loose, batch.lost)


def people_of(receipts: Iterable[Receipt]) -> People:
    """The customers of these receipts, made known where they are new."""
    return find_or_create_many(Person(receipt.identities, receipt.name) for receipt in receipts)


def announce_orders(changed: set[UUID]) -> None:
    """Tell the rooms above which sales read otherwise now."""
    ids = sorted(changed)
    for start in range(0, len(ids), _AT_ONCE):
        announce(OrdersChanged(tuple(ids[start : start + _AT_ONCE])))
    if ids:
        tell("orders")


def announce_moved(moments: set[datetime], customers: Iterable[UUID] = ()) -> None:
    """Tell the rooms above when, and whose, sales and refunds were that no changed order leads to."""
    days, people = sorted(moments), sorted(customers)
    for start in range(0, max(len(days), len(people)), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        announce(SalesMoved(tuple(days[part]), tuple(people[part])))


def _known_orders(source: str, numbers: Iterable[str]) -> dict[str, KnownOrder]:
    rows = Order.objects.select_for_update().filter(source=source, number__in=list(numbers)).order_by("id")
    return {
        number: KnownOrder(pk, digest, customer_id, placed_at)
        for number, pk, digest, customer_id, placed_at in rows.values_list(
            "number", "pk", "digest", "customer_id", "placed_at"
        )
    }


def _take(batch: _Batch, receipt: Receipt, sale: Sale, found: KnownOrder | None, known: _Known) -> None:
    customer_id = known.people.get(receipt.identities)
    order_id = found.id if found else uuid7()
    pk, digest = order_id.hex, known.digests[receipt.number]
    told = (
        *(sale.place, sale.status, receipt.store or None, customer_id.hex if customer_id else None),
        *(stored_micros(receipt.moment_us), receipt.currency, sale.total_minor, sale.discount_minor),
    )
    variants = known.variants
    lines = [(pk, position, variants[line[0]], *line) for position, line in enumerate(sale.lines, 1)]
    if found:
        _leave_moment(batch, receipt, found)
        batch.corrected.append((*told, digest, known.now, pk))
        batch.corrected_lines += lines
        batch.lengths[order_id] = len(lines)
    else:
        batch.new.append((pk, known.source, receipt.number, *told, 0, digest, known.now))
        batch.new_lines += lines
    if sale.code or found:
        batch.uses.append(CodeUse(order_id, sale.code, receipt.moment_us, sale.discount_minor))
    if found and found.customer_id and found.customer_id != customer_id:
        batch.lost.add(found.customer_id)
    batch.changed.add(order_id)
    batch.numbers.add(receipt.number)
    batch.customers |= {each for each in (customer_id, found and found.customer_id) if each}


def _let_go(batch: _Batch, receipt: Receipt, found: KnownOrder, known: _Known) -> None:
    """A sale that is a credit note in the corrected file: the row stays, because others point to it, worth nothing."""
    customer = found.customer_id.hex if found.customer_id else None
    told = (
        "store",
        "paid",
        receipt.store or None,
        customer,
        stored_micros(receipt.moment_us),
        receipt.currency,
    )
    _leave_moment(batch, receipt, found)
    batch.corrected.append((*told, 0, 0, known.digests[receipt.number], known.now, found.id.hex))
    batch.lengths[found.id] = 0
    batch.changed.add(found.id)
    batch.numbers.add(receipt.number)
    batch.customers |= {each for each in (found.customer_id,) if each}


def _leave_moment(batch: _Batch, receipt: Receipt, found: KnownOrder) -> None:
    """A sale that the corrected file tells of another moment stands no longer at its old one."""
    if clock.to_micros(found.placed_at) != receipt.moment_us:
        batch.left.add(found.placed_at)


def _write(batch: _Batch) -> None:
    insert(Order, _NEW, batch.new)
    insert(OrderLine, _LINE, batch.new_lines)
    update(Order, _CORRECTED, batch.corrected)
    insert_or_replace(OrderLine, _LINE, ("order", "position"), batch.corrected_lines)
    for order_id, length in batch.lengths.items():
        gone = OrderLine.objects.filter(order_id=order_id, position__gt=length)
        RefundLine.objects.filter(line__in=gone).update(line=None)
        gone._raw_delete("default")
    if batch.lengths:
        # A refund from elsewhere that pointed to a line which is another article now points to none.
        moved = RefundLine.objects.filter(line__order_id__in=batch.lengths).exclude(sku=F("line__sku"))
        RefundLine.objects.filter(pk__in=list(moved.values_list("pk", flat=True))).update(line=None)
    keep_uses(batch.uses)


def _forget_notes(source: str, numbers: list[str], batch: _Batch) -> set[UUID]:
    """Delete the notes of receipts that have none any more; returns the sales that they had undone."""
    gone = Refund.objects.filter(source=source, number__in=numbers, by_file=True)
    found = list(gone.values_list("pk", "order_id", "customer_id", "refunded_at"))
    if not found:
        return set()
    batch.left |= {moment for _pk, order_id, _customer, moment in found if order_id is None}
    rows = [(pk, order_id, customer_id) for pk, order_id, customer_id, _moment in found]
    RefundLine.objects.filter(refund__in=gone)._raw_delete("default")
    Refund.objects.filter(pk__in=[pk for pk, _order, _customer in rows])._raw_delete("default")
    orders = {order_id for _pk, order_id, _customer in rows if order_id}
    sum_refunds(orders)
    batch.customers |= {customer_id for _pk, _order, customer_id in rows if customer_id}
    named = Order.objects.filter(pk__in=orders).values_list("number", "customer_id", "source")
    batch.numbers |= {number for number, _customer, said in named if said == source}
    batch.customers |= {customer_id for _number, customer_id, _source in named if customer_id}
    return orders
