"""Pieces counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.models import Member
from etalage.accounts.queries import open_stores
from etalage.catalogue.actions.products import locked
from etalage.catalogue.models import Product, Stock, Variant
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.errors import Refusal

MOST_PIECES = 2_000_000_000
UNREADABLE = _("A number of pieces is a whole number from 0 on.")
GONE = _(
    "An article or a store that you counted is gone. Nothing is saved yet: look at the rest, then save again."
)
ShelfKey: TypeAlias = tuple[UUID, UUID]
"""Variant and store."""


@dataclass(frozen=True)
class Count:
    """Pieces that somebody counted, and what their page said before; `shown` None where it said nothing."""

    shown: int | None
    counted: int


class StockMoved(Refusal):
    """Shelves no longer hold what the page showed; `now` has what they hold, None where nothing is known."""

    def __init__(self, now: Mapping[ShelfKey, int | None]) -> None:
        super().__init__(
            _(
                "Pieces were sold or counted since you opened this page, so nothing is saved yet. Check the marked"
                " numbers, then save again."
            ),
            code="stock_moved",
            status=409,
        )
        self.now = now


@transaction.atomic
def count_stock(actor: Member, product_id: UUID, counts: Mapping[ShelfKey, Count]) -> int:
    """Set what stands on the shelf, by variant and store; return how many counts differed.

    What is promised to customers is not touched. Raises Refusal for an article of another product, a store that is
    closed, or a number that no shelf holds, and StockMoved for a shelf that holds neither what was shown nor what
    was counted; then nothing is written.
    """
    product = locked(product_id)
    _check(product, counts)
    now = _locked_shelves(counts)
    differing = [key for key in sorted(counts) if now.get(key) != counts[key].counted]
    # A count is true at the moment of counting. If pieces were handed over since the page was opened, nobody but the
    # one who counted knows whether that was before or after, and a wrong guess promises pieces that do not exist.
    if moved := {key: now.get(key) for key in differing if now.get(key) != counts[key].shown}:
        raise StockMoved(moved)
    at = clock.now()
    # A shelf without a row could not be locked. Who made one meanwhile counted too; nothing is sold without a row.
    Stock.objects.bulk_create(
        [
            Stock(variant_id=variant, store_id=store, on_hand=counts[variant, store].counted, counted_at=at)
            for variant, store in differing
        ],
        update_conflicts=True,
        unique_fields=["variant", "store"],
        update_fields=["on_hand", "counted_at"],
    )
    if differing:
        audit.record(actor, "product.stock_counted", product, counts=len(differing))
        tell("stock")
    return len(differing)


def _check(product: Product, counts: Mapping[ShelfKey, Count]) -> None:
    variants = set(Variant.objects.filter(product=product).values_list("pk", flat=True))
    stores = set(open_stores().values_list("pk", flat=True))
    for (variant, store), count in counts.items():
        if variant not in variants or store not in stores:
            raise Refusal(GONE, code="stock_gone", status=409)
        if not 0 <= count.counted <= MOST_PIECES:
            raise Refusal(UNREADABLE, code="stock_unreadable", status=422)


def _locked_shelves(counts: Mapping[ShelfKey, Count]) -> dict[ShelfKey, int]:
    """What these shelves hold, locked in the order of variants, in which reservations and sales take them too."""
    shelves = Stock.objects.filter(variant__in={variant for variant, _store in counts})
    rows = shelves.select_for_update().order_by("variant_id", "store_id")
    return {(row.variant_id, row.store_id): row.on_hand for row in rows}
