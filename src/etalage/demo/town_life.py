"""What goes on while one watches: counters hand reservations over, tills ring, a post goes out now and then.

All through the product's own actions, in one thread that mostly waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from uuid import uuid4

from django.db import OperationalError, connections

from etalage.accounts.models import Member, Role, Store
from etalage.catalogue.models import Product, ProductPicture, Variant
from etalage.channels.queries import active_channels
from etalage.customers.models import Customer
from etalage.demo.sayings import ARRIVALS, CARE
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.actions.hand_over import HandOver, hand_over
from etalage.orders.actions.record import LineData, OrderData, record_order
from etalage.orders.actions.redeem import TillUse, redeem_code, try_code
from etalage.orders.models import Order, Place, Reservation, ReservationState
from etalage.publishing.actions import (
    ChannelChoice,
    PostContent,
    add_product_picture,
    save_post,
    schedule_post,
)
from etalage.publishing.models import Post, PromotionCode

log = logging.getLogger(__name__)

ON_THE_WAY = timedelta(seconds=45)  # a customer who reserved a moment ago is at the counter after this long
SUPPLY = 12  # posts that go out by themselves in one run
ANNOUNCED = timedelta(seconds=40)  # a post is seen on the schedule before it goes out
KNOWN = 0.4  # share of till sales with a customer's card
WITH_CODE = 0.35


@dataclass(frozen=True)
class Tempo:
    """Seconds between two deeds of a kind, on average."""

    counter: float = 25
    till: float = 40
    post: float = 220
    first_post: float = 30


class TownLife:
    """A thread from `start` to `stop`."""

    def __init__(self, seed: int, tempo: Tempo | None = None) -> None:
        self.chance = Random(f"{seed}:{clock.now().isoformat()}")  # noqa: S311 chance in a play, not a secret
        self.tempo = tempo or Tempo()
        self.posts_left = SUPPLY
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="town", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the deed at hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        tempo = self.tempo
        plan: list[tuple[Callable[[], object], float]] = [
            (self.serve_somebody, tempo.counter),
            (self.ring_up, tempo.till),
            (self.post_something, tempo.post),
        ]
        due = [clock.elapsed() + self._pause(seconds) for _deed, seconds in plan]
        due[-1] = clock.elapsed() + tempo.first_post
        try:
            while not self._stop.wait(max(0.0, min(due) - clock.elapsed())):
                number = due.index(min(due))
                deed, seconds = plan[number]
                self._do(deed)
                due[number] = clock.elapsed() + self._pause(seconds)
        finally:
            connections.close_all()

    def _pause(self, seconds: float) -> float:
        return min(self.chance.expovariate(1 / seconds), 3 * seconds) + seconds / 4

    def _do(self, deed: Callable[[], object]) -> None:
        """A refusal is part of life: sold out, or somebody was faster."""
        try:
            deed()
        except Refusal as refusal:
            log.info("%s: %s", deed.__name__, refusal.code)
        except OperationalError as error:
            log.warning("%s: the database was busy: %s", deed.__name__, error)

    def serve_somebody(self) -> Order | None:
        """A customer comes to the counter and fetches what they reserved; one in four brings a code."""
        waiting = list(
            Reservation.objects.filter(
                state=ReservationState.OPEN,
                created_at__lte=clock.now() - ON_THE_WAY,
                expires_at__gt=clock.now(),
            ).order_by("-id")[:12]
        )
        if not waiting:
            return None
        reservation = self.chance.choice(waiting)
        assistant = self._assistant(reservation.store)
        code = self._code() if self.chance.random() < WITH_CODE else ""
        return hand_over(reservation.pk, HandOver(seen=0, code=code), actor=assistant)

    def ring_up(self) -> Order:
        """Somebody buys at a till, some with their card, some with a code that they saw in a post."""
        store = self.chance.choice(list(Store.objects.filter(closed_at=None)))
        variant = self.chance.choice(list(Variant.objects.filter(retired_at=None).select_related("product")))
        receipt = f"{store.code}-{clock.now():%y%m%d-%H%M%S%f}"
        lines = [
            LineData(
                variant.sku,
                1,
                variant.price_minor,
                variant.price_minor,
                str(variant.product.title),
                variant.pk,
            )
        ]
        discount = 0
        if self.chance.random() < WITH_CODE and (code := self._code()):
            discount = try_code(code, variant.price).discount.minor
            use = TillUse(code, uuid4().hex, store, receipt, variant.price_minor)
            redeem_code(use, actor=self._assistant(store))
            lines.append(LineData(code, 1, -discount, -discount, code))
        known = Customer.objects.filter(merged_into=None, erased_at=None).order_by("?").first()
        return record_order(
            OrderData(
                source="till",
                number=receipt,
                placed_at=clock.now(),
                currency=variant.currency,
                total_minor=variant.price_minor - discount,
                lines=tuple(lines),
                place=Place.STORE,
                discount_minor=discount,
                store_id=store.pk,
                customer_id=known.pk if known and self.chance.random() < KNOWN else None,
            )
        )

    def post_something(self) -> Post | None:
        """A post from the supply is written and scheduled; the worker sends it in less than a minute."""
        channels = list(active_channels())
        if not self.posts_left or not channels:
            return None
        self.posts_left -= 1
        author = Member.objects.filter(role=Role.MEMBER, is_active=True).order_by("?").first()
        manager = Member.objects.filter(role=Role.MANAGER, is_active=True).first()
        product = self.chance.choice(list(Product.objects.order_by("-id")[:60]))
        picture = ProductPicture.objects.filter(product=product).first()
        if not author or not manager or not picture:
            return None
        saying = self.chance.choice((*ARRIVALS, *CARE))
        text = {
            language: said.format(title=product.title.in_language(language))
            for language, said in saying.items()
        }
        chosen = self.chance.sample(channels, min(len(channels), self.chance.randint(1, 3)))
        choices = [ChannelChoice(channel.pk) for channel in chosen]
        post = save_post(None, 0, PostContent(text=text), [product.pk], choices, actor=author)
        add_product_picture(post.pk, picture.pk, actor=author)
        post.refresh_from_db()
        return schedule_post(post.pk, post.version, clock.now() + ANNOUNCED, actor=manager)

    def _assistant(self, store: Store) -> Member:
        """Who stands at the counter of that store."""
        here = Member.objects.filter(is_active=True, store=store).first()
        return here or Member.objects.filter(is_active=True, role=Role.OWNER)[0]

    def _code(self) -> str:
        """A code that runs now."""
        now = clock.now()
        running = PromotionCode.objects.filter(starts_at__lte=now, ends_at__gt=now).values_list(
            "code", flat=True
        )
        return self.chance.choice(list(running)) if running else ""
