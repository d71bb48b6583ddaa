"""Promotion codes at the till: counted once each, never beyond their limit, joined to the sale when it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from etalage.accounts.audit import record
from etalage.accounts.models import Member, Store
from etalage.accounts.queries import current_business
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.money import Money
from etalage.orders.discounts import discount_of
from etalage.orders.events import CodeRedeemed
from etalage.orders.models import Order, Redemption
from etalage.publishing.actions import claim_code_use
from etalage.publishing.actions.codes import normal_code
from etalage.publishing.models import PromotionCode


@dataclass(frozen=True)
class TillUse:
    """A code shown at the till. `amount_minor` is what the purchase costs before it, None when not told.

    `receipt` is the till's own number, by which the order is found once its file comes in. `request_key` makes a
    second click harmless.
    """

    code: str
    request_key: str
    store: Store | None = None
    receipt: str = ""
    amount_minor: int | None = None


@dataclass(frozen=True)
class Offer:
    """What a code takes off an amount, and what is left to pay."""

    code: str
    discount: Money
    to_pay: Money


def try_code(code: str, amount: Money) -> Offer:
    """What a code would take off now. Asks the very statement that counts a use, and undoes it.

    Raises the Refusal of `publishing.actions.claim_code_use`.
    """
    with transaction.atomic():
        promotion = claim(code, clock.now())
        transaction.set_rollback(True)
    discount = Money(discount_of(promotion, amount.minor), amount.currency)
    return Offer(promotion.code, discount, amount - discount)


def redeem_code(use: TillUse, *, actor: Member) -> Redemption:
    """Use a code once. The same `request_key` again gives the same redemption and counts nothing; so does a
    receipt whose file came in before and named the code.

    Raises the Refusal of `publishing.actions.claim_code_use` for a code that is unknown, over or used up.
    """
    if known := _known(use.request_key):
        return known
    try:
        with transaction.atomic():
            order = _order_of(use)
            if noted := _noted(order, use.code):
                return noted
            promotion = claim(use.code, clock.now())
            redemption = keep_redemption(
                promotion,
                order=order,
                store=use.store,
                receipt=use.receipt,
                discount_minor=discount_of(promotion, use.amount_minor),
                actor=actor,
                at=clock.now(),
                request_key=use.request_key,
            )
            record(actor, "code.redeemed", redemption, code=promotion.code, receipt=use.receipt)
            return redemption
    except IntegrityError:  # the other click was faster; the use counted here is rolled back
        if known := _known(use.request_key):
            return known
        raise


def claim(code: str, now: datetime) -> PromotionCode:
    """Count one use of a code, in the caller's transaction."""
    return claim_code_use(code, now)


def keep_redemption(
    promotion: PromotionCode,
    *,
    order: Order | None,
    discount_minor: int,
    actor: Member,
    at: datetime,
    store: Store | None = None,
    receipt: str = "",
    request_key: str | None = None,
) -> Redemption:
    """Write the use of a code and announce it."""
    redemption = Redemption.objects.create(
        code=promotion,
        order=order,
        customer_id=order.customer_id if order else None,
        store_id=order.store_id if order else store.pk if store else None,
        member=actor,
        receipt=receipt,
        discount_minor=discount_minor,
        currency=order.currency if order else current_business().currency,
        redeemed_at=at,
        request_key=request_key,
    )
    announce(CodeRedeemed(redemption.pk))
    tell("reservations")
    return redemption


@transaction.atomic
def join_redemptions(order_id: UUID) -> int:
    """Tie uses that only knew a receipt number to the order that has it; returns how many."""
    order = Order.objects.get(pk=order_id)
    waiting = Redemption.objects.filter(receipt=order.number, order=None).exclude(receipt="")
    same_store = [use for use in waiting if use.store_id in (None, order.store_id)]
    for use in same_store:
        Redemption.objects.filter(pk=use.pk, order=None).update(order=order, customer_id=order.customer_id)
        announce(CodeRedeemed(use.pk))
    return len(same_store)


def receipts_waiting(order_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the orders whose number stands on a use that knows no order yet."""
    numbers = Redemption.objects.filter(order=None).exclude(receipt="").values("receipt")
    return list(Order.objects.filter(pk__in=order_ids, number__in=numbers).values_list("pk", flat=True))


def _order_of(use: TillUse) -> Order | None:
    """The order of the receipt, where its file came in before; locked, so that two uses of it take turns."""
    if not use.receipt:
        return None
    return Order.objects.select_for_update().filter(number=use.receipt, store=use.store).first()


def _noted(order: Order | None, code: str) -> Redemption | None:
    """The use of this code that is known of the order already."""
    if order is None:
        return None
    return Redemption.objects.filter(order=order, code__code=normal_code(code)).first()


def _known(request_key: str) -> Redemption | None:
    return Redemption.objects.filter(request_key=request_key).first() if request_key else None
