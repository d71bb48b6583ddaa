"""A few lines to say what happened in the shop: visits, sales, refunds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from etalage.channels.models import Channel
from etalage.credit.models import MODELS
from etalage.customers.models import Customer
from etalage.insights.models import Credit, Touch, TouchKind
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.orders.models import Order, OrderStatus, Place, Refund
from etalage.publishing.models import Post, Publication, TrackedLink

START = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def at(day: float) -> datetime:
    """A moment so many days after the start."""
    return START + timedelta(days=day)


def publication(name: str = "Autumn boots") -> Publication:
    """A post that stands on a channel."""
    channel, _made = Channel.objects.get_or_create(
        network="practice",
        base_url="http://127.0.0.1",
        remote_id="1",
        defaults={"name": "Feed", "handle": "@shop"},
    )
    post = Post.objects.create(text={"en": name})
    return Publication.objects.create(post=post, channel=channel, state="published")


def link(of: Publication | None = None) -> TrackedLink:
    """A tracked link, of a publication if given."""
    code = uuid7().hex[-10:].upper()
    if of is None:
        return TrackedLink.objects.create(code=code, target="/shop/")
    return TrackedLink.objects.create(
        code=code, target="/shop/", publication=of, post=of.post, channel=of.channel
    )


def customer(name: str = "Lena") -> Customer:
    """Somebody who buys."""
    return Customer.objects.create(name=name)


def visit(who: Customer | None, day: float, through: TrackedLink | None = None) -> Touch:
    """A click, by a customer who agreed to be recognised, or by nobody known."""
    moment = clock.to_micros(at(day))
    return Touch.objects.create(
        source=f"click:{uuid7()}",
        kind=TouchKind.CLICK,
        ts_us=moment,
        customer=who,
        link=through,
        post_id=through.post_id if through else None,
        publication_id=through.publication_id if through else None,
        channel_id=through.channel_id if through else None,
    )


def sale(who: Customer | None, day: float, minor: int, **fields: object) -> Order:
    """A paid order."""
    values = {"place": Place.STORE, "status": OrderStatus.PAID, "currency": "EUR", "source": "till", **fields}
    return Order.objects.create(
        customer=who, placed_at=at(day), total_minor=minor, number=str(uuid7()), **values
    )


def refund(order: Order, minor: int) -> None:
    """Money that goes back."""
    Refund.objects.create(
        source="till",
        number=str(uuid7()),
        order=order,
        refunded_at=order.placed_at,
        currency=order.currency,
        amount_minor=minor,
    )
    order.refunded_minor += minor
    order.save()


def credited(order: Order) -> dict[str, dict[UUID, int]]:
    """What each touch earned of the order, per model."""
    rows = list(Credit.objects.filter(order=order))
    return {model: {row.touch_id: getattr(row, model) for row in rows} for model in MODELS}


def sums(order: Order) -> set[int]:
    """The sum of the order's credit in every model; one number when they agree."""
    return {sum(amounts.values()) for amounts in credited(order).values()}
