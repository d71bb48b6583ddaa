"""Touches come in: clicks from the edge, codes and links from sales, and persons once they are known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from etalage.accounts.queries import current_business
from etalage.customers.models import Purpose, Visitor
from etalage.customers.queries import agreeing_visitors, has_consent
from etalage.edge.click_log import ClickLog
from etalage.edge.clicks import Click
from etalage.edge.journal import Journal
from etalage.insights.actions.credit import PORTION, take_turns
from etalage.insights.actions.days import mark_click_days
from etalage.insights.models import ClickCursor, Touch, TouchKind
from etalage.jobs import enqueue_once
from etalage.kit import clock
from etalage.orders.models import Order, Redemption
from etalage.orders.queries.reservations import by_code
from etalage.publishing.models import TrackedLink

CLICKS_AT_ONCE = 1000
RECOMPUTE = "etalage.insights.tasks.recompute"
# In the edge's file; a database put back from a backup can read them once more.
KEEP_CLICKS = timedelta(days=8)
KEEP_DELIVERIES = timedelta(days=30)


def drain_clicks() -> int:
    """Take over what the edge wrote since the last time; returns how many clicks. A click seen twice counts once."""
    log = ClickLog(settings.DATA / "clicks.sqlite3")
    taken = 0
    while True:
        with transaction.atomic():
            place, _made = ClickCursor.objects.select_for_update().get_or_create(pk=1)
            page = log.read_after(place.cursor, CLICKS_AT_ONCE)
            if page.clicks:
                record_clicks(page.clicks)
            ClickCursor.objects.filter(pk=1).update(cursor=page.cursor)
        taken += len(page.clicks)
        if not page.more:
            return taken


def let_go_of_clicks() -> int:
    """Delete clicks from the edge's file a while after they were taken over; returns how many."""
    place = ClickCursor.objects.filter(pk=1).first()
    log = ClickLog(settings.DATA / "clicks.sqlite3")
    return log.prune(clock.to_micros(clock.now() - KEEP_CLICKS), place.cursor if place else "")


def let_go_of_deliveries() -> int:
    """Forget the bodies of deliveries that were handled long ago; returns how many."""
    journal = Journal(settings.DATA / "journal.sqlite3")
    return journal.prune(clock.to_micros(clock.now() - KEEP_DELIVERIES))


def record_clicks(clicks: Sequence[Click]) -> None:
    """Keep clicks as touches of what their links stand for; recompute sales that they turn out to precede."""
    links = TrackedLink.objects.in_bulk({UUID(click.link_id) for click in clicks})
    # Asked now, not at the click: a consent that was taken back meanwhile leaves nobody to remember.
    visitors = agreeing_visitors(UUID(click.visitor) for click in clicks if click.visitor)
    touches = [
        _click_touch(click, links[UUID(click.link_id)], visitors)
        for click in clicks
        if UUID(click.link_id) in links and click.method == "GET"
    ]
    Touch.objects.bulk_create(touches, ignore_conflicts=True, batch_size=500)
    _credit_late(touches)
    mark_click_days(clock.from_micros(touch.ts_us) for touch in touches if not touch.is_bot)


def _click_touch(click: Click, link: TrackedLink, visitors: dict[UUID, Visitor]) -> Touch:
    visitor = visitors.get(UUID(click.visitor)) if click.visitor else None
    return Touch(
        source=f"click:{click.id}",
        kind=TouchKind.QR if click.kind == "qr" else TouchKind.CLICK,
        ts_us=click.happened_us,
        visitor=visitor.pk if visitor else None,
        customer_id=visitor.customer_id if visitor else None,
        is_bot=bool(click.bot),
        **_of_link(link),
    )


def _of_link(link: TrackedLink) -> dict[str, UUID | None]:
    return {
        "link_id": link.pk,
        "publication_id": link.publication_id,
        "post_id": link.post_id,
        "campaign_id": link.campaign_id,
        "channel_id": link.channel_id,
        "product_id": link.product_id,
        "store_id": link.store_id,
    }


def _credit_late(touches: Iterable[Touch]) -> None:
    """A click may arrive after the sale that it led to."""
    known = [touch for touch in touches if touch.customer_id and not touch.is_bot]
    if known:
        _credit_after((touch.customer_id for touch in known), since_us=min(touch.ts_us for touch in known))


def _credit_after(
    customers: Iterable[UUID | None], orders: Iterable[UUID | None] = (), *, since_us: int = 0
) -> None:
    """Have credit computed once the touches of this transaction are to be seen.

    Not within it: a sale that is committed meanwhile could not see the touches, nor we the sale.
    """
    people, sales = sorted(set(filter(None, customers))), sorted(set(filter(None, orders)))
    places = range(0, max(len(people), len(sales)), PORTION)
    for part in (slice(start, start + PORTION) for start in places):
        asked = (people[part], sales[part], since_us)
        # The same question asked twice waits once.
        enqueue_once(RECOMPUTE, hashlib.sha256(repr(asked).encode()).hexdigest(), *asked)


@transaction.atomic
def record_order_link(order_id: UUID) -> None:
    """An order that came through a link is led by it, whoever bought: the order says so, no person is tracked."""
    orders = Order.objects.filter(pk=order_id).select_related("link")
    order = orders.first()
    if order is None or order.link is None:
        return
    # Before the touch is locked: whoever has the turn with these sales may credit it, and would wait for us.
    take_turns([order.customer_id], [order.pk])
    order = orders.first()  # it may have been corrected before our turn
    if order is None or order.link is None:
        return
    reservation = by_code(order.number.partition("-")[0]) if order.source == "reservation" else None
    moment = reservation.created_at if reservation else order.placed_at
    Touch.objects.update_or_create(
        source=f"order:{order.pk}",
        defaults={
            "kind": TouchKind.RESERVATION,
            "ts_us": clock.to_micros(moment),
            "order_id": order.pk,
            **_of_link(order.link),
        },
    )


def record_redemption(redemption_id: UUID) -> None:
    """A promotion code used for an order leads to it; without an order it only counts. A use that is gone does not."""
    use = Redemption.objects.filter(pk=redemption_id).select_related("code").first()
    if use is None:
        _forget_redemption(redemption_id)
        return
    knows = bool(use.customer_id) and has_consent(Purpose.CREDIT, customer_id=use.customer_id)
    Touch.objects.update_or_create(
        source=f"redemption:{use.pk}",
        defaults={
            "kind": TouchKind.CODE,
            "ts_us": clock.to_micros(use.redeemed_at),
            "order_id": use.order_id,
            "customer_id": use.customer_id if knows else None,
            "post_id": use.code.post_id,
            "campaign_id": use.code.campaign_id,
            "store_id": use.store_id,
        },
    )
    _credit_after([use.customer_id], [use.order_id])


def _forget_redemption(redemption_id: UUID) -> None:
    touch = Touch.objects.filter(source=f"redemption:{redemption_id}").first()
    if touch is None:
        return
    touch.delete()
    _credit_after([touch.customer_id], [touch.order_id])


def recognise_visitor(visitor_id: UUID, customer_id: UUID) -> None:
    """The browser is this customer's: what it did with consent was the customer's doing.

    What it did while it was another customer's stays with that one.
    """
    Touch.objects.filter(visitor=visitor_id, customer=None).update(customer_id=customer_id)
    _credit_after([customer_id])


def follow_merger(kept_id: UUID, merged_id: UUID) -> None:
    """Two customers were one."""
    Touch.objects.filter(customer=merged_id).update(customer_id=kept_id)
    _credit_after([kept_id])


def forget_person(customer_id: UUID | None, visitor_ids: Sequence[UUID] = ()) -> None:
    """Touches stay as counts without a person (GDPR article 17); the sales they led to are credited anew."""
    whose = Q(visitor__in=visitor_ids)
    if customer_id:
        whose |= Q(customer=customer_id)
    touches = Touch.objects.filter(whose)
    customers = set(touches.exclude(customer=None).order_by().values_list("customer_id", flat=True))
    touches.update(customer=None, visitor=None, part_of=None)
    _credit_after(customers)


def forget_old_touches() -> int:
    """Delete touches older than the business keeps them, unless a sale stands on them; returns how many."""
    before = clock.now() - timedelta(days=current_business().touch_retention_days)
    old = Touch.objects.filter(ts_us__lt=clock.to_micros(before), credits=None)
    count: int = old.delete()[0]
    return count
