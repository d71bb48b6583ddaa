"""The credit notes of a batch, written with the sales that they undo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from etalage.imports.importers import Counts
from etalage.kit import clock
from etalage.orders.importing.receipts import Note, NoteLine, Receipt
from etalage.orders.importing.sales import announce_moved, announce_orders, digest_of, people_of
from etalage.orders.importing.settling import KnownNote, Touched, known_notes, settle
from etalage.orders.models import Refund


def packed(receipt: Receipt, note: Note) -> tuple[Any, ...]:
    """The note of a receipt as plain values."""
    lines = [tuple(line) for line in note.lines]
    told = (
        receipt.number,
        receipt.moment_us,
        receipt.store,
        receipt.currency,
        receipt.identities,
        receipt.name,
    )
    return (*told, note.amount_minor, note.told_of, lines, receipt.sale is not None)


def unpacked(values: tuple[Any, ...]) -> tuple[Receipt, bool]:
    """The note again, as a receipt without its sale, and whether it had one (so that it is not counted twice)."""
    number, moment_us, store, currency, identities, name, amount, told_of, lines, beside_sale = values
    note = Note(amount, told_of, [NoteLine(*line) for line in lines])
    return Receipt(number, moment_us, store, currency, identities, name, None, note), beside_sale


def write_notes(receipts: Sequence[tuple[Receipt, bool]], source: str, counts: Counts) -> None:
    """Write these notes, and join them to their sales. In the caller's transaction."""
    known = _known(source, [receipt.number for receipt, _beside in receipts])
    fresh: list[tuple[Receipt, bool, str]] = []
    for receipt, beside_sale in receipts:
        digest, before = digest_of(receipt, {}), known.get(receipt.number)
        same = before is not None and before.digest == digest
        if not beside_sale:
            counts.unchanged += same
            counts.updated += before is not None and not same
            counts.created += before is None
        if not same:
            fresh.append((receipt, beside_sale, digest))
    if not fresh:
        return
    people = people_of(receipt for receipt, _beside, _digest in fresh)
    notes = [
        _note(source, receipt, digest, people.get(receipt.identities), known.get(receipt.number))
        for receipt, _beside, digest in fresh
    ]
    customers = {note.customer_id for note in notes if note.customer_id}
    earlier = [known[receipt.number] for receipt, _beside, _digest in fresh if receipt.number in known]
    customers |= {note.customer_id for note in earlier if note.customer_id}
    sales = {(source, note.told_of) for note in earlier if note.told_of}
    settled = settle(Touched(customers, sales, notes))
    announce_orders(settled.orders)
    announce_moved(settled.loose | {note.refunded_at for note in earlier if None in note.refund_ids})


def _known(source: str, numbers: Iterable[str]) -> dict[str, KnownNote]:
    kept = Refund.objects.filter(source=source, number__in=list(numbers), by_file=True)
    return {note.name[1]: note for note in known_notes(kept)}


def _note(
    source: str, receipt: Receipt, digest: str, customer_id: UUID | None, before: KnownNote | None
) -> KnownNote:
    assert receipt.note
    return KnownNote(
        (source, receipt.number),
        clock.from_micros(receipt.moment_us),
        customer_id,
        UUID(receipt.store) if receipt.store else None,
        receipt.currency,
        receipt.note.told_of,
        digest,
        receipt.note.lines,
        before.refund_ids if before else {},
    )
