"""The three moves of stock. Each is one conditional statement, so no two buyers can pass it for one piece."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from etalage.catalogue.models import Stock
from etalage.kit.errors import Refusal


class OutOfStock(Refusal):
    """Fewer pieces are left than were wanted; `left` says how many."""

    def __init__(self, left: int) -> None:
        message = (
            _("Only %(left)s left in this store. Choose fewer, or another store.")
            if left
            else _("This was just sold out in this store. Choose another store, or another size or colour.")
        )
        super().__init__(message, code="out_of_stock", status=409, left=left)
        self.left = left


def hold(variant_id: UUID, store_id: UUID, quantity: int) -> None:
    """Promise pieces to a customer. Raises OutOfStock when fewer are free.

    The database checks and takes in one step; reading first and writing then oversells.
    """
    shelf = Stock.objects.filter(variant_id=variant_id, store_id=store_id)
    taken = shelf.filter(on_hand__gte=F("reserved") + quantity).update(reserved=F("reserved") + quantity)
    if not taken:
        found = shelf.first()
        raise OutOfStock(found.available if found else 0)


def release(variant_id: UUID, store_id: UUID, quantity: int) -> None:
    """Give promised pieces back to whoever wants them next."""
    Stock.objects.filter(variant_id=variant_id, store_id=store_id).update(
        reserved=Greatest(F("reserved") - quantity, 0)
    )


def take(variant_id: UUID, store_id: UUID, quantity: int) -> None:
    """Promised pieces leave the store.

    A count from the shop's own system may have forgotten pieces that were promised: the shelf never goes below zero.
    """
    Stock.objects.filter(variant_id=variant_id, store_id=store_id).update(
        on_hand=Greatest(F("on_hand") - quantity, 0), reserved=Greatest(F("reserved") - quantity, 0)
    )
