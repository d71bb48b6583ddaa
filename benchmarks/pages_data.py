"""A shop in a data folder of its own, with as many orders and posts as asked, for the benchmark of the pages.

Posts come at one rate and pile up over the years, as nobody posts eighty a day; orders all fall within ninety days,
so that a shop of more orders has denser days. Both shops fill a page of every list.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

T = TypeVar("T")
SEED = 20261121
DAYS = 90
POSTS_PER_DAY = 1.6
LIVING_POSTS = 300  # the newest, which people still find
TOUCHED = 0.3  # share of orders before which the customer came through a link
STORES = 5
PRODUCTS = 400
CUSTOMERS_PER_ORDER = 0.3


@dataclass(frozen=True)
class Scale:
    """How much there is."""

    orders: int
    posts: int


class Shop:
    """Fills a migrated, empty database."""

    def __init__(self, scale: Scale) -> None:
        from etalage.kit import clock

        self.scale = scale
        self.chance = random.Random(SEED)
        self.now = clock.now()

    def fill(self) -> None:
        """Make everything, then credit and sums as the product's own jobs make them."""
        from django.db import transaction

        from etalage.insights.actions.credit import recompute_all
        from etalage.insights.actions.days import mark_click_days, rebuild_stale_days
        from etalage.jobs.idle import run_until_idle

        with transaction.atomic():
            self.house()
            self.shelves()
            self.people()
            self.posts()
            self.sales()
            self.reservations()
        recompute_all()
        mark_click_days(self.now - timedelta(days=back) for back in range(DAYS + 31))
        rebuild_stale_days()
        run_until_idle()

    def house(self) -> None:
        """The business, its stores, its owner and two channels."""
        from etalage.accounts.models import Business, Member, Role, Store
        from etalage.channels.models import Channel
        from etalage.networks.abilities import Abilities, Mechanism

        Business.objects.create(name="Measured")
        self.owner = Member.objects.create_user("owner@example.org", "measured", role=Role.OWNER, name="Ann")
        stores = [Store(code=f"S{number}", name=f"Store {number}") for number in range(STORES)]
        self.stores = Store.objects.bulk_create(stores)
        can = Abilities(text_limit=500, mechanism=Mechanism.READ_BACK, settle=timedelta(seconds=5)).to_json()
        same = {"network": "practice", "base_url": "http://127.0.0.1", "abilities": can}
        channels = [Channel(name=name, handle=name, remote_id=name, **same) for name in ("window", "vitrine")]
        self.channels = Channel.objects.bulk_create(channels)

    def shelves(self) -> None:
        """Products of one variant each, in every store."""
        from etalage.catalogue.models import Product, Stock, Variant

        products = [
            Product(
                handle=f"p{number}",
                slug=f"p{number}",
                title={"en": f"Article {number}", "fr": f"Article {number}"},
                search_text=f"article {number}",
                category=f"Shelf {number % 12}",
            )
            for number in range(PRODUCTS)
        ]
        self.products = Product.objects.bulk_create(products)
        variants = [
            Variant(product=one, sku=f"SKU-{number}", price_minor=500 + 37 * number, currency="EUR")
            for number, one in enumerate(self.products)
        ]
        self.variants = Variant.objects.bulk_create(variants)
        stock = [
            Stock(variant=one, store=store, on_hand=500) for one in self.variants for store in self.stores
        ]
        Stock.objects.bulk_create(stock)

    def people(self) -> None:
        """Customers with an address each."""
        from etalage.customers.models import Customer, Identity

        many = max(60, round(self.scale.orders * CUSTOMERS_PER_ORDER))
        people = [Customer(name=f"Customer {number}", language="en") for number in range(many)]
        self.customers = Customer.objects.bulk_create(people, batch_size=2000)
        identities = [
            Identity(customer=one, kind="email", value=f"c{number}@example.org")
            for number, one in enumerate(self.customers)
        ]
        Identity.objects.bulk_create(identities, batch_size=2000)

    def posts(self) -> None:
        """Published posts back from now, some planned ones, each on both channels with its links."""
        from etalage.publishing.models import Campaign, Post, PromotionCode, Publication, TrackedLink

        names = [f"Campaign {number}" for number in range(12)]
        campaigns = Campaign.objects.bulk_create([Campaign(name=name) for name in names])
        oldest = self.now + timedelta(days=4) - timedelta(days=self.scale.posts / POSTS_PER_DAY)
        posts, publications, links = [], [], []
        for number in range(self.scale.posts):
            due = oldest + timedelta(days=number / POSTS_PER_DAY)
            text = {
                "en": f"Number {number} is in the window. Come and see it.",
                "fr": f"Le numéro {number} est là.",
            }
            campaign = campaigns[number % len(campaigns)]
            post = Post(text=text, state="approved", due_at=due, campaign=campaign, created_by=self.owner)
            posts.append(post)
            for channel in self.channels:
                publication = self._publication(post, channel, due)
                publications.append(publication)
                links.append(self._link(publication, post, len(links)))
        Post.objects.bulk_create(posts, batch_size=1000)
        Publication.objects.bulk_create(publications, batch_size=1000)
        self.links = TrackedLink.objects.bulk_create(links, batch_size=1000)
        codes = [
            PromotionCode(code=f"CODE{number}", percent=10, campaign=campaigns[0]) for number in range(60)
        ]
        PromotionCode.objects.bulk_create(codes)

    def _publication(self, post: Any, channel: Any, due: datetime) -> Any:
        from etalage.publishing.models import Publication

        out = due <= self.now
        return Publication(
            post=post,
            channel=channel,
            state="published" if out else "scheduled",
            due_at=due,
            next_attempt_at=None if out else due,
            published_at=due if out else None,
            state_at=min(due, self.now),
            remote_id=str(post.pk) if out else "",
        )

    def _link(self, publication: Any, post: Any, number: int) -> Any:
        from etalage.publishing.models import TrackedLink

        return TrackedLink(
            code=f"L{number:07}",
            target="/shop/",
            publication=publication,
            post=post,
            campaign=post.campaign,
            channel=publication.channel,
        )

    def sales(self) -> None:
        """Orders of ninety days, in the order of time, and the visits before some of them."""
        from etalage.insights.models import Touch
        from etalage.orders.models import Order, OrderLine

        for count in _portions(range(self.scale.orders), 5000):
            orders = [self._order(number) for number in count]
            Order.objects.bulk_create(orders, batch_size=1000)
            lines = [self._line(order) for order in orders]
            OrderLine.objects.bulk_create(lines, batch_size=1000)
            touches = [touch for order in orders for touch in self._visits(order)]
            Touch.objects.bulk_create(touches, batch_size=1000)

    def _order(self, number: int) -> Any:
        from etalage.orders.models import Order, Place

        back = timedelta(days=DAYS) * (1 - (number + self.chance.random()) / self.scale.orders)
        online = self.chance.random() < 0.3
        return Order(
            source="web" if online else "till",
            number=str(number),
            place=Place.ONLINE if online else Place.STORE,
            store=None if online else self.chance.choice(self.stores),
            customer=self.chance.choice(self.customers),
            placed_at=self.now - back,
            currency="EUR",
            total_minor=self.chance.randrange(500, 30_000),
        )

    def _line(self, order: Any) -> Any:
        from etalage.orders.models import OrderLine

        variant = self.chance.choice(self.variants)
        return OrderLine(
            order=order,
            position=1,
            variant=variant,
            sku=variant.sku,
            quantity=1,
            unit_minor=order.total_minor,
            total_minor=order.total_minor,
        )

    def _visits(self, order: Any) -> Iterator[Any]:
        from etalage.insights.models import Touch, TouchKind
        from etalage.kit import clock

        if self.chance.random() > TOUCHED:
            return
        for each in range(self.chance.choice((1, 1, 2, 3))):
            link = self.chance.choice(self.links[-2 * LIVING_POSTS :])
            moment = order.placed_at - timedelta(hours=self.chance.uniform(0.2, 400))
            yield Touch(
                source=f"click:{order.number}-{order.source}-{each}",
                kind=TouchKind.CLICK,
                ts_us=clock.to_micros(moment),
                customer_id=order.customer_id,
                link=link,
                publication_id=link.publication_id,
                post_id=link.post_id,
                campaign_id=link.campaign_id,
                channel_id=link.channel_id,
            )

    def reservations(self) -> None:
        """One reservation per fifty orders and enough to fill a page, most of them closed."""
        from etalage.orders.models import Reservation, ReservationLine

        many = max(60, self.scale.orders // 50)
        rows = [self._reservation(number, waits=number >= many - 12) for number in range(many)]
        Reservation.objects.bulk_create(rows, batch_size=1000)
        lines = [
            ReservationLine(
                reservation=row, variant=self.chance.choice(self.variants), quantity=1, unit_minor=999
            )
            for row in rows
        ]
        ReservationLine.objects.bulk_create(lines, batch_size=1000)

    def _reservation(self, number: int, *, waits: bool) -> Any:
        from etalage.orders.models import Reservation

        return Reservation(
            code=f"R{number:06}",
            state="open" if waits else "handed_over",
            store=self.chance.choice(self.stores),
            customer=self.chance.choice(self.customers),
            currency="EUR",
            request_key=f"key-{number}",
            expires_at=self.now + timedelta(days=1),
        )


def middle_post() -> UUID:
    """The id of the post in the middle of the list, to open a page far from its beginning."""
    from etalage.publishing.models import Post

    ids = Post.objects.order_by("pk").values_list("pk", flat=True)
    return ids[len(ids) // 2]


def _portions(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
