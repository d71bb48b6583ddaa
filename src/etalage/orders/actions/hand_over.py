"""Handing a reservation over at the counter: all of it or a part, paid, at once an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.actions.closing import give_rest_back
from etalage.orders.actions.redeem import claim, keep_redemption
from etalage.orders.actions.stock import take
from etalage.orders.discounts import discount_of
from etalage.orders.events import OrderPaid
from etalage.orders.models import (
    Order,
    OrderLine,
    OrderStatus,
    Place,
    Reservation,
    ReservationLine,
    ReservationState,
)
from etalage.publishing.models import PromotionCode

SOURCE = "reservation"


@dataclass(frozen=True)
class HandOver:
    """What the person at the counter decided.

    `pieces` per line id, None for everything that is left. `keep_rest` keeps what is not taken until its time is
    over, else it is free again. `seen` is how many pieces were handed over when the page was shown: a second click
    on the same page then changes nothing. `code` is a promotion code, "" for none.
    """

    seen: int
    pieces: Mapping[int, int] | None = None
    keep_rest: bool = False
    code: str = ""


@transaction.atomic
def hand_over(reservation_id: UUID, choice: HandOver, *, actor: Member) -> Order:
    """Hand over and record the sale; the order of an earlier click when this one is its repetition.

    Raises Refusal: reservation_closed, nothing_handed_over, too_many_pieces, and those of a promotion code.
    """
    reservation = Reservation.objects.select_for_update().get(pk=reservation_id)
    lines = list(reservation.lines.select_related("variant__product").order_by("variant_id"))
    earlier = _earlier_orders(reservation, lines)
    if earlier and sum(line.handed_over for line in lines) > choice.seen:
        return earlier[-1]
    if reservation.state != ReservationState.OPEN:
        raise Refusal(
            _("This reservation is closed: %(state)s."),
            code="reservation_closed",
            status=409,
            state=reservation.get_state_display(),
        )
    taken = _taken(lines, choice.pieces)
    order = _sell(reservation, taken, len(earlier), choice.code, actor)
    for line, pieces in taken:
        take(line.variant_id, reservation.store_id, pieces)
        ReservationLine.objects.filter(pk=line.pk).update(handed_over=line.handed_over + pieces)
    _settle(reservation, order, actor, keep_rest=choice.keep_rest)
    record(actor, "reservation.handed_over", reservation, order=str(order.pk), number=order.number)
    announce(OrderPaid(order.pk))
    tell("reservations")
    tell("orders")
    return order


def _earlier_orders(reservation: Reservation, lines: list[ReservationLine]) -> list[Order]:
    """The orders of earlier parts, in their order. A part is at least one piece, so the numbers are few."""
    numbers = [_number(reservation, part) for part in range(sum(line.quantity for line in lines))]
    return list(Order.objects.filter(source=SOURCE, number__in=numbers).order_by("id"))


def _number(reservation: Reservation, part: int) -> str:
    return f"{reservation.code}-{part + 1}" if part else reservation.code


def _taken(
    lines: list[ReservationLine], pieces: Mapping[int, int] | None
) -> list[tuple[ReservationLine, int]]:
    """Each line with the pieces that leave now, lines without any left out."""
    taken = []
    for line in lines:
        left = line.quantity - line.handed_over
        wanted = left if pieces is None else pieces.get(line.pk, 0)
        if not 0 <= wanted <= left:
            raise Refusal(
                _("More pieces than were reserved: at most %(left)s."),
                code="too_many_pieces",
                status=422,
                left=left,
            )
        if wanted:
            taken.append((line, wanted))
    if not taken:
        raise Refusal(_("Choose at least one piece to hand over."), code="nothing_handed_over", status=422)
    return taken


def _sell(
    reservation: Reservation, taken: list[tuple[ReservationLine, int]], part: int, code: str, actor: Member
) -> Order:
    """Write the order with its lines; a promotion code becomes a line of its own, below zero."""
    now = clock.now()
    worth = sum(line.unit_minor * pieces for line, pieces in taken)
    promotion = claim(code, now) if code.strip() else None
    discount = discount_of(promotion, worth) if promotion else 0
    order = Order.objects.create(
        source=SOURCE,
        number=_number(reservation, part),
        place=Place.STORE,
        status=OrderStatus.PAID,
        store_id=reservation.store_id,
        customer_id=reservation.customer_id,
        placed_at=now,
        currency=reservation.currency,
        total_minor=worth - discount,
        discount_minor=discount,
        link_id=reservation.link_id,
    )
    rows = [
        OrderLine(
            order=order,
            position=position,
            variant=line.variant,
            sku=line.variant.sku,
            title=_title(reservation, line),
            quantity=pieces,
            unit_minor=line.unit_minor,
            total_minor=line.unit_minor * pieces,
        )
        for position, (line, pieces) in enumerate(taken, 1)
    ]
    if promotion:
        rows.append(_discount_line(order, promotion, discount, len(rows) + 1))
        keep_redemption(promotion, order=order, discount_minor=discount, actor=actor, at=now)
    OrderLine.objects.bulk_create(rows)
    return order


def _discount_line(order: Order, promotion: PromotionCode, discount: int, position: int) -> OrderLine:
    return OrderLine(
        order=order,
        position=position,
        sku=promotion.code,
        title=promotion.code,
        quantity=1,
        unit_minor=-discount,
        total_minor=-discount,
    )


def _title(reservation: Reservation, line: ReservationLine) -> str:
    title = line.variant.product.title.in_language(reservation.language)
    return " · ".join(part for part in (title, line.variant.option_text) if part)[:300]


def _settle(reservation: Reservation, order: Order, actor: Member, *, keep_rest: bool) -> None:
    """Close the reservation, or keep it open while pieces are left and wanted."""
    fields: dict[str, object] = {} if reservation.order_id else {"order": order}
    lines = list(reservation.lines.all())
    if not keep_rest or all(line.handed_over == line.quantity for line in lines):
        give_rest_back(reservation)
        fields |= {"state": ReservationState.HANDED_OVER, "closed_at": clock.now(), "closed_by": actor}
    if fields:
        Reservation.objects.filter(pk=reservation.pk).update(**fields)
