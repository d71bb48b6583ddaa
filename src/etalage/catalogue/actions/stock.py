"""Pieces counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.models import Member
from etalage.accounts.queries import open_stores
from etalage.catalogue.actions.products import locked
from etalage.catalogue.models import Stock, Variant
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.errors import Refusal

MOST_PIECES = 2_000_000_000


@transaction.atomic
def count_stock(actor: Member, product_id: UUID, pieces: Mapping[tuple[UUID, UUID], int]) -> int:
    """Set what stands on the shelf, by variant and store; return how many counts differed.

    What is promised to customers is not touched. Raises Refusal for an article of another product, a store that is
    closed, or a number that no shelf holds.
    """
    product = locked(product_id)
    variants = set(Variant.objects.filter(product=product).values_list("pk", flat=True))
    stores = set(open_stores().values_list("pk", flat=True))
    before = {(s.variant_id, s.store_id): s.on_hand for s in Stock.objects.filter(variant__in=variants)}
    changed = []
    for (variant, store), number in pieces.items():
        if variant not in variants or store not in stores:
            raise Refusal(
                _("This article or this store is gone. Reload the page."), code="stock_gone", status=409
            )
        if not 0 <= number <= MOST_PIECES:
            raise Refusal(
                _("A number of pieces is a whole number from 0 on."), code="stock_unreadable", status=422
            )
        if before.get((variant, store)) != number:
            changed.append(Stock(variant_id=variant, store_id=store, on_hand=number, counted_at=clock.now()))
    Stock.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["variant", "store"],
        update_fields=["on_hand", "counted_at"],
    )
    if changed:
        audit.record(actor, "product.stock_counted", product, counts=len(changed))
        tell("stock")
    return len(changed)
