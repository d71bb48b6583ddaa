"""Reads of insights: what sold, and what led there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min, Q, QuerySet, Sum

from etalage.accounts.models import Business, Store
from etalage.credit.models import MODELS
from etalage.insights.labels import labels_of, touch_label
from etalage.insights.models import (
    Credit,
    DayClicks,
    DayCredit,
    DayProduct,
    DaySales,
    Grouping,
    StaleDay,
)
from etalage.insights.reports import (
    DayPoint,
    JourneyStep,
    Known,
    Period,
    PostResults,
    Report,
    ReportRow,
    Totals,
)
from etalage.insights.zone import business_zone
from etalage.kit import clock
from etalage.kit.money import Money
from etalage.orders.models import Order
from etalage.publishing.models import Post

BY_TOUCH = {Grouping.POST, Grouping.PUBLICATION, Grouping.CHANNEL, Grouping.CAMPAIGN}


def today() -> date:
    """This day in the business's zone."""
    return clock.local_day(clock.now(), business_zone())


def _currency() -> str:
    return Business.objects.values_list("currency", flat=True).get()


def totals(period: Period, store_id: UUID | None = None) -> Totals:
    """The sums of a period, of all stores and online, or of one store."""
    names = ("orders", "attributed_orders", "gross", "net", "attributed", "online", "loose_refunds")
    sums = _within(DaySales.objects.all(), period, store_id).aggregate(**{name: Sum(name) for name in names})
    currency = _currency()
    money = {name: Money(sums[name] or 0, currency) for name in names[2:]}
    # Each click stands in the sums of every grouping; one of them counts it once.
    clicks = _within(DayClicks.objects.filter(grouping=Grouping.CHANNEL), period).aggregate(all=Sum("clicks"))
    return Totals(
        orders=sums["orders"] or 0,
        attributed_orders=sums["attributed_orders"] or 0,
        clicks=clicks["all"] or 0,
        **money,
    )


def _within(rows: QuerySet[Any], period: Period, store_id: UUID | None = None) -> QuerySet[Any]:
    rows = rows.filter(day__range=period)
    return rows.filter(store=store_id) if store_id else rows


def report(
    period: Period,
    *,
    model: str = "linear",
    by: str = "post",
    store_id: UUID | None = None,
    language: str = "en",
    size: int = 50,
    skip: int = 0,
) -> Report:
    """What each post, publication, channel, campaign, product or store was credited with under `model`.

    Raises ValueError for a model or grouping that does not exist.
    """
    if model not in MODELS:
        raise ValueError(model)
    grouping = Grouping(by)
    sums = totals(period, store_id)
    found = _ranked(grouping, period, model, store_id, first=skip, beyond=skip + size + 1)
    rows = _report_rows(grouping, found[:size], period=period, model=model, net=sums.net, language=language)
    store = Store.objects.filter(pk=store_id).first() if store_id else None
    return Report(period, model, by, store, rows, sums.not_attributed, sums, older=len(found) > size)


def _ranked(
    grouping: Grouping, period: Period, model: str, store_id: UUID | None, *, first: int, beyond: int
) -> list[dict[str, Any]]:
    """Sums per key, the most credited first, from place `first` to before `beyond`; each with every model's sum."""
    if grouping in BY_TOUCH:
        # A list of one, because SQLite finds no index for a bare column that is true.
        credit = DayCredit.objects.filter(grouping=grouping, whole__in=[store_id is None]).order_by()
        rows = _within(credit, period, store_id).values("key")
        sums = {f"{name}_sum": Sum(name) for name in MODELS}
        ranked = rows.annotate(count=Sum("orders"), **sums).order_by(f"-{model}_sum", "key")
        return [
            {**row, "amounts": {name: row[f"{name}_sum"] for name in MODELS}} for row in ranked[first:beyond]
        ]
    table: type[DayProduct | DaySales]
    table, key, count = (
        (DayProduct, "product_id", "orders")
        if grouping == Grouping.PRODUCT
        else (DaySales, "store_id", "attributed_orders")
    )
    rows = _within(table.objects.order_by(), period, store_id).values(key)
    ranked = (
        rows.annotate(count=Sum(count), amount=Sum("attributed")).exclude(amount=0).order_by("-amount", key)
    )
    return [
        {"key": row[key], "count": row["count"], "amounts": dict.fromkeys(MODELS, row["amount"])}
        for row in ranked[first:beyond]
    ]


def _report_rows(
    grouping: Grouping,
    found: list[dict[str, Any]],
    *,
    period: Period,
    model: str,
    net: Money,
    language: str,
) -> list[ReportRow]:
    keys = [row["key"] for row in found]
    labels = labels_of(grouping, keys, language)
    clicks = _clicks(grouping, keys, period)
    rows = []
    for row in found:
        label = labels[row["key"]]
        models = {name: Money(amount, net.currency) for name, amount in row["amounts"].items()}
        rows.append(
            ReportRow(
                key=row["key"],
                label=label.text,
                language=label.language,
                note=label.note,
                url=label.url,
                picture=label.picture,
                clicks=clicks.get(row["key"], 0) if grouping in BY_TOUCH else None,
                orders=row["count"],
                credited=models[model],
                share=models[model].minor / net.minor if net.minor > 0 else None,
                models=models,
            )
        )
    return rows


def _clicks(grouping: Grouping, keys: list[UUID | None], period: Period) -> dict[UUID | None, int]:
    if grouping not in BY_TOUCH:
        return {}
    which = Q(key__in=[key for key in keys if key]) | Q(key=None)
    rows = _within(DayClicks.objects.filter(which, grouping=grouping), period).order_by().values("key")
    return {row["key"]: row["clicks_sum"] for row in rows.annotate(clicks_sum=Sum("clicks"))}


def compare_models(
    period: Period, by: str = "post", store_id: UUID | None = None, language: str = "en", size: int = 10
) -> list[ReportRow]:
    """The most credited rows (in the linear model) with every model's amount beside each other."""
    return report(period, by=by, store_id=store_id, language=language, size=size).rows


def by_day(period: Period, store_id: UUID | None = None) -> list[DayPoint]:
    """Each day of the period with its sales, the part that touches led to, and the visits; days without are zero."""
    currency = _currency()
    sales = _within(DaySales.objects.order_by(), period, store_id).values("day")
    sums = {row["day"]: row for row in sales.annotate(all_net=Sum("net"), all_led=Sum("attributed"))}
    visits = _within(DayClicks.objects.filter(grouping=Grouping.CHANNEL), period).order_by().values("day")
    clicks = {row["day"]: row["all"] for row in visits.annotate(all=Sum("clicks"))}
    points = []
    for offset in range(period.days):
        day = period.first + timedelta(days=offset)
        row = sums.get(day, {"all_net": 0, "all_led": 0})
        points.append(
            DayPoint(
                day, Money(row["all_net"], currency), Money(row["all_led"], currency), clicks.get(day, 0)
            )
        )
    return points


def known_since(store_id: UUID | None = None) -> Known:
    """The first day with a sale, of one store or of all, and the first with a visit; None where there is none yet."""
    sales = DaySales.objects.filter(store=store_id) if store_id else DaySales.objects.all()
    return Known(
        sales=sales.filter(orders__gt=0).aggregate(first=Min("day"))["first"],
        visits=DayClicks.objects.filter(grouping=Grouping.CHANNEL).aggregate(first=Min("day"))["first"],
    )


def has_sales() -> bool:
    """True when there was ever a sale, so that "nothing" can be told from "no data"."""
    return Order.objects.exists()


def journey(order_id: UUID, language: str = "en") -> list[JourneyStep]:
    """How one order's credit arose, in the order of its touches; empty when nothing led to it."""
    credits = (
        Credit.objects.filter(order=order_id)
        .select_related("order", "touch__post", "touch__channel", "touch__product", "touch__campaign")
        .order_by("rank")
    )
    steps = []
    for credit in credits:
        label, url = touch_label(credit.touch, language)
        steps.append(
            JourneyStep(
                kind=credit.touch.get_kind_display(),
                happened_at=clock.from_micros(credit.touch.ts_us),
                label=label,
                channel=credit.touch.channel.name if credit.touch.channel else "",
                url=url,
                credited={name: Money(getattr(credit, name), credit.order.currency) for name in MODELS},
            )
        )
    return steps


def post_results(post_id: UUID) -> PostResults:
    """What a post has brought since it stands, in all stores and online. Raises Post.DoesNotExist."""
    if not Post.objects.filter(pk=post_id).exists():
        raise Post.DoesNotExist
    credit = DayCredit.objects.filter(grouping=Grouping.POST, whole=True, key=post_id)
    sums = credit.aggregate(count=Sum("orders"), **{f"{name}_sum": Sum(name) for name in MODELS})
    visits = DayClicks.objects.filter(grouping=Grouping.POST, key=post_id).aggregate(all=Sum("clicks"))
    currency = _currency()
    return PostResults(
        visits=visits["all"] or 0,
        orders=sums["count"] or 0,
        credited={name: Money(sums[f"{name}_sum"] or 0, currency) for name in MODELS},
    )


def sums_wait() -> bool:
    """True while some days' sums are still to be made again."""
    return StaleDay.objects.exists()
