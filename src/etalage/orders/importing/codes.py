"""Promotion codes that a file names: one use per sale, joined to what the counter noted already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Q

from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.orders.actions.redeem import join_redemptions
from etalage.orders.events import CodeRedeemed
from etalage.orders.models import Order, Redemption
from etalage.publishing.actions.codes import normal_code
from etalage.publishing.models import PromotionCode


class CodeUse(NamedTuple):
    """The code that a sale names now; "" when it names none."""

    order_id: UUID
    code: str
    moment_us: int
    discount_minor: int


def keep_uses(uses: Sequence[CodeUse]) -> None:
    """Note each use of a known code once per sale. An unknown one is no promotion of ours and is left.

    The sale has happened, so that the use is kept even beyond the code's limit; the count stops there.
    """
    wanted = {normal_code(use.code) for use in uses if use.code}
    known = {code.code: code for code in PromotionCode.objects.filter(code__in=wanted)} if wanted else {}
    earlier = {
        row.order_id: row
        for row in Redemption.objects.filter(request_key__in=[_key(use.order_id) for use in uses])
    }
    for use in uses:
        promotion = known.get(normal_code(use.code)) if use.code else None
        before = earlier.get(use.order_id)
        if before and (not promotion or before.code_id != promotion.pk):
            announce(CodeRedeemed(before.pk))
            before.delete()
            # A use beyond the limit was not counted: only what the count has more than there are uses goes.
            left = Redemption.objects.filter(code=before.code_id).count()
            PromotionCode.objects.filter(pk=before.code_id, used__gt=left).update(used=F("used") - 1)
        elif before:
            continue
        if promotion:
            _use(promotion, use)
    _follow_orders([use.order_id for use in uses])


def _follow_orders(order_ids: Sequence[UUID]) -> None:
    """Give each use the customer and the store that its order has now: a corrected file may name others."""
    moved = []
    for use in Redemption.objects.filter(order_id__in=order_ids).select_related("order"):
        order = use.order
        if order and (use.customer_id, use.store_id) != (order.customer_id, order.store_id):
            use.customer_id, use.store_id = order.customer_id, order.store_id
            moved.append(use)
    Redemption.objects.bulk_update(moved, ["customer", "store"])
    for use in moved:
        announce(CodeRedeemed(use.pk))


def _use(promotion: PromotionCode, use: CodeUse) -> None:
    join_redemptions(use.order_id)
    if Redemption.objects.filter(order_id=use.order_id, code=promotion).exists():
        return
    order = Order.objects.get(pk=use.order_id)
    redemption = Redemption.objects.create(
        code=promotion,
        order=order,
        customer_id=order.customer_id,
        store_id=order.store_id,
        receipt=order.number,
        discount_minor=use.discount_minor,
        currency=order.currency,
        redeemed_at=clock.from_micros(use.moment_us),
        request_key=_key(use.order_id),
    )
    room = Q(usage_limit=None) | Q(used__lt=F("usage_limit"))
    PromotionCode.objects.filter(room, pk=promotion.pk).update(used=F("used") + 1)
    announce(CodeRedeemed(redemption.pk))


def _key(order_id: UUID) -> str:
    return f"file:{order_id.hex}"
