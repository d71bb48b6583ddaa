"""Six weeks of sales: tills, the web shop, reservations and their ends, codes, refunds, cancellations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from etalage.accounts.models import Member, Store
from etalage.catalogue.models import Variant
from etalage.demo.past import Past, Scale
from etalage.demo.people import House, Shopper, Town
from etalage.demo.shelves import Ware
from etalage.demo.stage import Stage
from etalage.demo.visits import Wish, any_of, link_facts
from etalage.insights.models import Touch, TouchKind
from etalage.kit import clock
from etalage.orders.actions.hand_over import SOURCE as RESERVATION
from etalage.orders.codes import LENGTH
from etalage.orders.discounts import discount_of
from etalage.orders.models import (
    Order,
    OrderLine,
    OrderStatus,
    Place,
    Redemption,
    Reservation,
    ReservationLine,
    ReservationState,
)
from etalage.publishing.models import PromotionCode, TrackedLink

TILL, WEB_SHOP = "till", "webshop"
KEPT = timedelta(hours=48)
Basket = list[tuple[Ware, Variant, int]]


@dataclass
class Sales:
    """Every row that selling left behind."""

    orders: list[Order] = field(default_factory=list)
    lines: dict[UUID, list[OrderLine]] = field(default_factory=lambda: defaultdict(list))
    reservations: list[Reservation] = field(default_factory=list)
    reserved: list[ReservationLine] = field(default_factory=list)
    redemptions: list[Redemption] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    uses: Counter[UUID] = field(default_factory=Counter)

    def held(self) -> Counter[tuple[UUID, UUID]]:
        """Pieces that open reservations promise, by variant and store."""
        waiting = {row.pk: row for row in self.reservations if row.state == ReservationState.OPEN}
        promised: Counter[tuple[UUID, UUID]] = Counter()
        for line in self.reserved:
            if reservation := waiting.get(line.reservation_id):
                promised[line.variant_id, reservation.store_id] += line.quantity
        return promised


class Selling:
    """Draws sales and writes down what the product would have kept of each; nothing reaches the database yet."""

    def __init__(self, past: Past, house: House, town: Town, stage: Stage, wares: list[Ware]) -> None:
        self.past, self.house, self.town, self.stage, self.wares = past, house, town, stage, wares
        self.chance = past.chance("sales")
        self.sales = Sales()
        self._shares = [3.0, 4.0, 2.0][: len(house.stores)]

    def everything(self, scale: Scale, wishes: Sequence[Wish]) -> Sales:
        """All of it, in one go."""
        for wish in wishes:
            self._fulfil(wish)
        for _ in range(scale.till_sales):
            self._at_till(self.past.in_store(), self._a_store(), None, self._basket())
        for _ in range(scale.card_sales):
            shopper = self._a_shopper()
            self._at_till(self.past.in_store(), shopper.home, shopper, self._basket())
        for _ in range(scale.online_sales):
            self._online(self.past.online(), self._a_shopper(), self._basket())
        for _ in range(scale.reservations):
            self._reserve(self.past.online(), self._a_shopper(), self._basket(small=True))
        self._unfinished(scale)
        self._number()
        return self.sales

    # --- What people want -----------------------------------------------------------------------------------------

    def _fulfil(self, wish: Wish) -> None:
        """A visit led to a purchase: reserved at once, bought online soon, or fetched in the store some days later."""
        basket = self._basket(wish.ware)
        if wish.store:
            if at := self.past.open_after(wish.at, self.chance.uniform(0.1, 0.9)):
                self._at_till(at, wish.store, wish.shopper, basket)
            return
        how = self.chance.random()
        if how < 0.45 or not wish.shopper.visitor:
            self._reserve(
                wish.at + timedelta(minutes=self.chance.uniform(1, 9)), wish.shopper, basket[:1], wish.link
            )
        elif how < 0.75:
            at = wish.at + timedelta(hours=self.chance.expovariate(1 / 7))
            link = wish.link if self.chance.random() < 0.6 else None
            if at < self.past.now:
                self._online(at, wish.shopper, basket, link)
        elif at_till := self.past.open_after(wish.at, self.chance.uniform(4, 110)):
            self._at_till(at_till, wish.shopper.home, wish.shopper, basket)

    def _a_shopper(self) -> Shopper:
        return self.chance.choice(self.town.shoppers)

    def _a_store(self) -> Store:
        return self.chance.choices(self.house.stores, self._shares)[0]

    def _basket(self, first: Ware | None = None, *, small: bool = False) -> Basket:
        """One to three different things, sometimes two of one."""
        pieces = 1 if small else self.chance.choices((1, 2, 3), (6, 3, 1))[0]
        chosen = dict.fromkeys(
            ([first] if first else []) + [any_of(self.chance, self.wares) for _ in range(pieces)]
        )
        found = list(chosen)[:pieces]
        return [
            (ware, ware.any_variant(self.chance), 2 if self.chance.random() < 0.08 else 1) for ware in found
        ]

    # --- Three ways to buy ----------------------------------------------------------------------------------------

    def _at_till(self, at: datetime, store: Store, shopper: Shopper | None, basket: Basket) -> None:
        order = self._order(TILL, at, basket, store=store, shopper=shopper)
        if self.chance.random() < 0.085 and (code := self._valid_code(at)):
            self._redeem(order, code, self.house.counter[store.pk])

    def _online(
        self, at: datetime, shopper: Shopper, basket: Basket, link: TrackedLink | None = None
    ) -> None:
        order = self._order(WEB_SHOP, at, basket, shopper=shopper, link=link)
        if self.chance.random() < 0.035:
            order.status = OrderStatus.CANCELLED

    def _reserve(
        self, at: datetime, shopper: Shopper, basket: Basket, link: TrackedLink | None = None
    ) -> None:
        """A reservation that has come to its end: handed over, called off, or never fetched."""
        if at + KEPT > self.past.now:
            return
        fetched_at = self.past.open_after(at, self.chance.uniform(1.5, 40))
        if self.chance.random() < 0.05:
            closed_at = at + timedelta(hours=self.chance.uniform(1, 30))
            self._reservation(
                at, shopper, basket, link, state=ReservationState.CANCELLED, closed_at=closed_at
            )
        elif fetched_at is None or fetched_at > at + KEPT or self.chance.random() < 0.07:
            self._reservation(at, shopper, basket, link, state=ReservationState.EXPIRED, closed_at=at + KEPT)
        else:
            self._hand_over(at, fetched_at, shopper, basket, link)

    def _hand_over(
        self, at: datetime, fetched_at: datetime, shopper: Shopper, basket: Basket, link: TrackedLink | None
    ) -> None:
        row = self._reservation(
            at, shopper, basket, link, state=ReservationState.HANDED_OVER, closed_at=fetched_at
        )
        store = next(store for store in self.house.stores if store.pk == row.store_id)
        order = self._order(
            RESERVATION, fetched_at, basket, store=store, shopper=shopper, link=link, number=row.code
        )
        row.order, row.closed_by = order, self.house.counter[store.pk]
        if link:  # told again with the moment of the reservation, as the product does
            self.sales.touches[-1].ts_us = clock.to_micros(at)
        if self.chance.random() < 0.06 and (code := self._valid_code(fetched_at)):
            self._redeem(order, code, self.house.counter[store.pk])

    def _unfinished(self, scale: Scale) -> None:
        """What waits at the counters now, and what waited there in vain."""
        links = [shown.link for _said, shown in self.stage.shown]
        for number in range(scale.open_reservations):
            at = self.past.now - timedelta(hours=self.chance.uniform(0.2, 40))
            link = self.chance.choice(links[-40:]) if number % 2 else None
            self._reservation(
                at,
                self._a_shopper(),
                self._basket(small=True),
                link,
                state=ReservationState.OPEN,
                closed_at=None,
            )
        for _ in range(scale.expired_reservations):
            at = self.past.start + (self.past.now - KEPT - self.past.start) * self.chance.random()
            self._reservation(
                at,
                self._a_shopper(),
                self._basket(small=True),
                None,
                state=ReservationState.EXPIRED,
                closed_at=at + KEPT,
            )

    # --- Rows -----------------------------------------------------------------------------------------------------

    def _reservation(
        self,
        at: datetime,
        shopper: Shopper,
        basket: Basket,
        link: TrackedLink | None,
        *,
        state: ReservationState,
        closed_at: datetime | None,
    ) -> Reservation:
        row = Reservation(
            id=self.past.id_at(at),
            code=self.past.code(LENGTH),
            state=state,
            store=shopper.home,
            customer_id=shopper.id,
            language=shopper.language,
            currency="EUR",
            link=link,
            request_key=f"{self.chance.getrandbits(256):064x}",
            expires_at=at + KEPT,
            created_at=at,
            closed_at=closed_at,
        )
        self.sales.reservations.append(row)
        taken = state == ReservationState.HANDED_OVER
        self.sales.reserved += [
            ReservationLine(
                reservation=row,
                variant=variant,
                quantity=quantity,
                handed_over=quantity if taken else 0,
                unit_minor=variant.price_minor,
            )
            for _ware, variant, quantity in basket
        ]
        return row

    def _order(
        self,
        source: str,
        at: datetime,
        basket: Basket,
        *,
        store: Store | None = None,
        shopper: Shopper | None = None,
        link: TrackedLink | None = None,
        number: str = "",
    ) -> Order:
        language = shopper.language if shopper else "en"
        order = Order(
            id=self.past.id_at(at),
            source=source,
            number=number,
            place=Place.STORE if store else Place.ONLINE,
            store=store,
            customer_id=shopper.id if shopper else None,
            placed_at=at,
            currency="EUR",
            total_minor=sum(variant.price_minor * quantity for _ware, variant, quantity in basket),
            link=link,
            recorded_at=at,
        )
        self.sales.orders.append(order)
        self.sales.lines[order.pk] = [
            OrderLine(
                order=order,
                position=position,
                variant=variant,
                sku=variant.sku,
                title=" · ".join(part for part in (ware.good.titles[language], variant.option_text) if part),
                quantity=quantity,
                unit_minor=variant.price_minor,
                total_minor=variant.price_minor * quantity,
            )
            for position, (ware, variant, quantity) in enumerate(basket, 1)
        ]
        if link:
            self.sales.touches.append(
                Touch(
                    id=self.past.id_at(at),
                    source=f"order:{order.pk}",
                    kind=TouchKind.RESERVATION,
                    ts_us=clock.to_micros(at),
                    order=order,
                    **link_facts(link),
                )
            )
        return order

    def _valid_code(self, at: datetime) -> PromotionCode | None:
        """A code that ran at that moment, rather a campaign's than a post's own."""
        running = [
            code
            for code in self.stage.codes
            if code.starts_at and code.ends_at and code.starts_at <= at < code.ends_at
        ]
        if not running:
            return None
        return self.chance.choices(running, [1.0 if code.post_id else 3.0 for code in running])[0]

    def _redeem(self, order: Order, code: PromotionCode, member: Member) -> None:
        """Take the code's discount off, as a line of its own below zero."""
        discount = discount_of(code, order.total_minor)
        lines = self.sales.lines[order.pk]
        lines.append(
            OrderLine(
                order=order,
                position=len(lines) + 1,
                sku=code.code,
                title=code.code,
                quantity=1,
                unit_minor=-discount,
                total_minor=-discount,
            )
        )
        order.total_minor -= discount
        order.discount_minor = discount
        use = Redemption(
            id=self.past.id_at(order.placed_at),
            code=code,
            order=order,
            customer_id=order.customer_id,
            store_id=order.store_id,
            member=member,
            discount_minor=discount,
            currency="EUR",
            redeemed_at=order.placed_at,
        )
        self.sales.uses[code.pk] += 1
        self.sales.redemptions.append(use)
        recognised = order.customer_id in {one.id for one in self.town.recognised}
        self.sales.touches.append(
            Touch(
                id=self.past.id_at(order.placed_at),
                source=f"redemption:{use.pk}",
                kind=TouchKind.CODE,
                ts_us=clock.to_micros(order.placed_at),
                order=order,
                customer_id=order.customer_id if recognised else None,
                post_id=code.post_id,
                campaign_id=code.campaign_id,
                store_id=order.store_id,
            )
        )

    def _number(self) -> None:
        """Give tills and the web shop their running numbers, in the order of time."""
        self.sales.orders.sort(key=lambda order: order.placed_at)
        running: Counter[str] = Counter()
        for order in self.sales.orders:
            if order.source != RESERVATION:
                series = order.store.code if order.store else "W"
                running[series] += 1
                order.number = f"{series}-{10000 + running[series]}"
        by_order = {order.pk: order for order in self.sales.orders}
        for use in self.sales.redemptions:
            order = by_order[use.order_id]  # type: ignore[index]
            use.receipt = order.number if order.source == TILL else ""
