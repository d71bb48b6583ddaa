"""Reads about reservations, for the counter, the customer and the letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, QuerySet, Sum

from etalage.accounts.models import Store
from etalage.kit import clock
from etalage.kit.money import Money
from etalage.kit.text import TranslatedText
from etalage.orders.models import Order, Reservation, ReservationLine, ReservationState

PAGE = 40


def open_count(store_id: UUID) -> int:
    """How many reservations wait in a store."""
    return Reservation.objects.filter(store_id=store_id, state=ReservationState.OPEN).count()


@dataclass(frozen=True)
class SheetLine:
    """One line of a reservation as people read it."""

    line_id: int
    product_id: UUID
    slug: str
    title: TranslatedText
    options: str
    sku: str
    quantity: int
    handed_over: int
    unit: Money

    @property
    def left(self) -> int:
        """Pieces that still wait."""
        return self.quantity - self.handed_over

    @property
    def total(self) -> Money:
        """What all pieces of the line cost."""
        return self.unit * self.quantity


@dataclass(frozen=True)
class Sheet:
    """A reservation with everything that its page, the counter and the letter show."""

    reservation: Reservation
    store: Store
    lines: tuple[SheetLine, ...]

    @property
    def is_open(self) -> bool:
        """True while it waits at the counter."""
        return self.reservation.state == ReservationState.OPEN

    @property
    def is_late(self) -> bool:
        """True when its time is over and nothing has given the stock back yet."""
        return self.is_open and self.reservation.expires_at <= clock.now()

    @property
    def zone(self) -> ZoneInfo:
        """The store's time zone, in which its hours are told."""
        return clock.zone(self.store.timezone)

    @property
    def until(self) -> datetime:
        """The moment at which the pieces are free again."""
        return self.reservation.expires_at

    @property
    def total(self) -> Money:
        """What everything costs."""
        return Money(sum(line.total.minor for line in self.lines), self.reservation.currency)

    @property
    def to_pay(self) -> Money:
        """What the pieces that still wait cost."""
        return Money(sum(line.unit.minor * line.left for line in self.lines), self.reservation.currency)

    @property
    def handed_over(self) -> int:
        """Pieces that left already."""
        return sum(line.handed_over for line in self.lines)

    @property
    def left(self) -> int:
        """Pieces that still wait."""
        return sum(line.left for line in self.lines)


def reservation_sheet(reservation: Reservation) -> Sheet:
    """The reservation with its lines, in one query."""
    lines = reservation.lines.select_related("variant__product")
    return Sheet(reservation, reservation.store, tuple(_sheet_line(reservation, line) for line in lines))


def by_code(code: str) -> Reservation | None:
    """The reservation with this code, with store, customer and order; None when there is none."""
    return (
        Reservation.objects.select_related("store", "customer", "order", "closed_by")
        .filter(code=code)
        .first()
    )


def sales_of(reservation: Reservation) -> list[Order]:
    """The orders that its hand-overs made, in their order."""
    pieces = reservation.lines.aggregate(pieces=Sum("quantity"))["pieces"] or 0
    numbers = [reservation.code, *(f"{reservation.code}-{part}" for part in range(2, pieces + 1))]
    return list(Order.objects.filter(source="reservation", number__in=numbers).order_by("id"))


def reservations_page(
    *, state: str = "", store_id: UUID | None = None, after: UUID | None = None, size: int = PAGE
) -> list[Reservation]:
    """One more than `size` reservations, the newest first, after the one with the id `after`.

    Each carries `pieces` and `worth_minor`, summed over its lines.
    """
    found: QuerySet[Reservation] = Reservation.objects.select_related("store", "customer").order_by("-id")
    if state:
        found = found.filter(state=state)
    if store_id:
        found = found.filter(store_id=store_id)
    if after:
        found = found.filter(id__lt=after)
    page = list(found[: size + 1])
    _add_sums(page)
    return page


def waiting_at(store_id: UUID | None, size: int = 8) -> list[Reservation]:
    """The open reservations of a store (of all stores for None), the one that ends first on top."""
    found = Reservation.objects.filter(state=ReservationState.OPEN).select_related("store", "customer")
    if store_id:
        found = found.filter(store_id=store_id)
    page = list(found.order_by("expires_at", "id")[:size])
    _add_sums(page)
    return page


def open_by_store() -> dict[UUID, int]:
    """How many reservations wait in each store."""
    waiting = Reservation.objects.filter(state=ReservationState.OPEN).order_by()
    return dict(waiting.values_list("store_id").annotate(count=Count("id")))


def _add_sums(page: list[Reservation]) -> None:
    """Pieces and worth in one further query: a join in the page's own query would sort every reservation first."""
    lines = ReservationLine.objects.filter(reservation__in=page).order_by()
    sums = {
        row["reservation_id"]: row
        for row in lines.values("reservation_id").annotate(
            pieces=Sum("quantity"), worth=Sum(F("quantity") * F("unit_minor"))
        )
    }
    for reservation in page:
        row = sums.get(reservation.pk, {"pieces": 0, "worth": 0})
        reservation.pieces = row["pieces"]  # type: ignore[attr-defined]
        reservation.worth = Money(row["worth"], reservation.currency)  # type: ignore[attr-defined]


def _sheet_line(reservation: Reservation, line: ReservationLine) -> SheetLine:
    product = line.variant.product
    return SheetLine(
        line_id=line.pk,
        product_id=product.pk,
        slug=product.slug,
        title=product.title,
        options=line.variant.option_text,
        sku=line.variant.sku,
        quantity=line.quantity,
        handed_over=line.handed_over,
        unit=Money(line.unit_minor, reservation.currency),
    )
