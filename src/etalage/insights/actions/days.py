"""Sums per day, which the results page reads: made anew for the days on which something changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from etalage.accounts.models import Business
from etalage.credit.models import MODELS
from etalage.insights.models import (
    Credit,
    DayClicks,
    DayCredit,
    DayProduct,
    DaySales,
    Grouping,
    StaleDay,
    Touch,
    TouchKind,
)
from etalage.insights.zone import business_zone
from etalage.jobs import enqueue_once
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.orders.models import Order, OrderLine, OrderStatus, Place, Refund

BY_TOUCH = (Grouping.POST, Grouping.PUBLICATION, Grouping.CHANNEL, Grouping.CAMPAIGN)
REBUILD = "etalage.insights.tasks.rebuild_stale_days"
REST = timedelta(seconds=1)  # changes that come together are summed together


def mark_sales_days(moments: Iterable[datetime]) -> None:
    """The sums of the days of these moments no longer hold.

    The last thing that a transaction does: from here on all others that mark days wait for its end.
    """
    _mark({clock.local_day(moment, zone) for zone in [business_zone()] for moment in moments}, credit=True)


def mark_click_days(moments: Iterable[datetime]) -> None:
    """The clicks of the days of these moments no longer hold. The last thing that a transaction does, as above."""
    _mark({clock.local_day(moment, zone) for zone in [business_zone()] for moment in moments}, credit=False)


def _mark(days: set[date], *, credit: bool) -> None:
    if not days:
        return
    # Always a new row, never one that is there already: whoever sums the day now may not see our changes yet,
    # and would take that row away with them unsummed.
    StaleDay.objects.bulk_create(StaleDay(day=day, credit=credit) for day in sorted(days))
    enqueue_once(REBUILD, "rebuild", run_after=REST)


def rebuild_stale_days() -> int:
    """Make the sums of every stale day again; returns how many days. Each day is one transaction."""
    business = Business.objects.first()
    if business is None:
        return 0
    zone = clock.zone(business.timezone)
    stale = defaultdict[tuple[date, bool], list[int]](list)
    for key, day, credit in StaleDay.objects.order_by("day", "credit").values_list("pk", "day", "credit"):
        stale[day, credit].append(key)
    for (day, credit), marks in stale.items():
        with transaction.atomic():
            # The marks go first: what changes meanwhile sets another and is summed the next time. Whoever sums
            # the day beside us has seen one of these marks and waits for its row: the day's rows stand once.
            if not _take_off(marks):
                continue
            if credit:
                _sum_sales(day, zone, business.currency)
            else:
                _sum_clicks(day, zone)
    if stale:
        tell("results")
    return len(stale)


def _take_off(marks: list[int]) -> int:
    """Delete these marks; 0 when somebody else did."""
    portions = [marks[start : start + 500] for start in range(0, len(marks), 500)]
    return sum(StaleDay.objects.filter(pk__in=portion).delete()[0] for portion in portions)


def _sum_sales(day: date, zone: ZoneInfo, currency: str) -> None:
    start, end = clock.day_bounds(day, zone)
    orders = Order.objects.filter(
        placed_at__gte=start, placed_at__lt=end, status=OrderStatus.PAID, currency=currency
    ).order_by()
    loose = Refund.objects.filter(
        order=None, refunded_at__gte=start, refunded_at__lt=end, currency=currency
    ).order_by()
    for table in (DaySales, DayCredit, DayProduct):
        table.objects.filter(day=day).delete()
    DaySales.objects.bulk_create(_sales_rows(day, orders, loose))
    credits = Credit.objects.filter(order__in=orders.values("pk")).order_by()
    for grouping in BY_TOUCH:
        DayCredit.objects.bulk_create(_credit_rows(day, credits, grouping), batch_size=500)
    DayProduct.objects.bulk_create(_product_rows(day, orders), batch_size=500)


def _net() -> F:
    return F("total_minor") - F("refunded_minor")  # type: ignore[return-value]


def _sales_rows(day: date, orders: QuerySet[Order], loose: QuerySet[Refund]) -> list[DaySales]:
    led = Q(led=True)
    sums = (
        orders.annotate(led=Exists(Credit.objects.filter(order=OuterRef("pk"))))
        .values("store_id")
        .annotate(
            orders=Count("pk"),
            attributed_orders=Count("pk", filter=led),
            gross=Sum("total_minor"),
            net=Sum(_net()),
            attributed=Coalesce(Sum(_net(), filter=led), 0),
            online=Coalesce(Sum(_net(), filter=Q(place=Place.ONLINE)), 0),
        )
    )
    rows = {row["store_id"]: DaySales(day=day, **row) for row in sums}
    for refund in loose.values("store_id").annotate(amount=Sum("amount_minor")):
        empty = DaySales(
            day=day,
            store_id=refund["store_id"],
            orders=0,
            attributed_orders=0,
            gross=0,
            net=0,
            attributed=0,
            online=0,
        )
        rows.setdefault(refund["store_id"], empty).loose_refunds = refund["amount"]
    return list(rows.values())


def _credit_rows(day: date, credits: QuerySet[Credit], grouping: Grouping) -> list[DayCredit]:
    sums = credits.values(store=F("order__store_id"), of=F(f"touch__{grouping.value}_id")).annotate(
        orders=Count("order_id", distinct=True), **{f"{model}_sum": Sum(model) for model in MODELS}
    )
    rows = [
        DayCredit(
            day=day,
            store_id=row["store"],
            whole=False,
            grouping=grouping,
            key=row["of"],
            orders=row["orders"],
            **{model: row[f"{model}_sum"] for model in MODELS},
        )
        for row in cast("Iterable[dict[str, Any]]", sums)
    ]
    return [*rows, *_whole(rows)]


def _whole(rows: list[DayCredit]) -> Iterable[DayCredit]:
    """The same day over all stores. An order is of one store, so orders add up too."""
    sums: dict[UUID | None, DayCredit] = {}
    for row in rows:
        empty = DayCredit(
            day=row.day, whole=True, grouping=row.grouping, key=row.key, orders=0, **dict.fromkeys(MODELS, 0)
        )
        whole = sums.setdefault(row.key, empty)
        whole.orders += row.orders
        for model in MODELS:
            setattr(whole, model, getattr(whole, model) + getattr(row, model))
    return sums.values()


def _product_rows(day: date, orders: QuerySet[Order]) -> list[DayProduct]:
    """Lines by product, less what was refunded of them; refunds of no line in particular stay with no product."""
    led = Q(led=True)
    lines = OrderLine.objects.filter(order__in=orders.values("pk")).annotate(
        led=Exists(Credit.objects.filter(order=OuterRef("order_id")))
    )
    sold = lines.values(store=F("order__store_id"), item=F("variant__product_id")).annotate(
        count=Count("order_id", distinct=True),
        total=Sum("total_minor"),
        led_total=Coalesce(Sum("total_minor", filter=led), 0),
    )
    back = (
        lines.filter(refunded__isnull=False)
        .values(store=F("order__store_id"), item=F("variant__product_id"))
        .annotate(
            total=Sum("refunded__amount_minor"),
            led_total=Coalesce(Sum("refunded__amount_minor", filter=led), 0),
        )
    )
    rows = {
        (row["store"], row["item"]): DayProduct(
            day=day,
            store_id=row["store"],
            product_id=row["item"],
            orders=row["count"],
            net=row["total"],
            attributed=row["led_total"],
        )
        for row in sold.order_by()
    }
    for row in back.order_by():
        rows[row["store"], row["item"]].net -= row["total"]
        rows[row["store"], row["item"]].attributed -= row["led_total"]
    return list(rows.values())


def _sum_clicks(day: date, zone: ZoneInfo) -> None:
    start, end = (clock.to_micros(bound) for bound in clock.day_bounds(day, zone))
    visits = Touch.objects.filter(
        ts_us__gte=start, ts_us__lt=end, is_bot=False, kind__in=[TouchKind.CLICK, TouchKind.QR]
    ).order_by()
    DayClicks.objects.filter(day=day).delete()
    for grouping in BY_TOUCH:
        sums = visits.values(of=F(f"{grouping.value}_id")).annotate(count=Count("pk"))
        rows = [DayClicks(day=day, grouping=grouping, key=row["of"], clicks=row["count"]) for row in sums]
        DayClicks.objects.bulk_create(rows, batch_size=500)
