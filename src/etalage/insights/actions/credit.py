"""Computes who led to which sale, again for just those whose sales or touches changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby, islice
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from etalage.accounts.models import Business
from etalage.credit.definition import definition_over
from etalage.credit.ledger import Credit as Earned
from etalage.credit.ledger import credits_of
from etalage.credit.models import MODELS, taken_back
from etalage.credit.rules import Rules
from etalage.insights.actions.days import mark_sales_days
from etalage.insights.models import Credit, Touch, TouchKind
from etalage.insights.rows import as_uuid, sources
from etalage.kit import clock
from etalage.orders.models import Order, OrderStatus

T = TypeVar("T")
PORTION = 400  # customers at once: SQLite takes some hundreds of placeholders at its slowest
ONE_VISIT_US = 24 * 60 * 60 * 1_000_000


def recompute(customers: Iterable[UUID], orders: Iterable[UUID] = ()) -> int:
    """Compute the credit of all orders of these customers again, and of these orders of nobody known.

    Returns how many credit rows stand. One order bounds the next of its customer, so a customer is the smallest unit.
    All of it is one transaction.
    """
    return _recompute(*_whose(customers, orders), current_rules())


def _in_portions(customers: Iterable[UUID], orders: Iterable[UUID]) -> int:
    """As `recompute`, in transactions so short that nobody waits for the whole of it."""
    rules = current_rules()
    people, strangers = _whose(customers, orders)
    rows = sum(_recompute(portion, [], rules) for portion in _portions(people, PORTION))
    return rows + sum(_recompute([], portion, rules) for portion in _portions(strangers, PORTION))


def _whose(customers: Iterable[UUID], orders: Iterable[UUID]) -> tuple[list[UUID], list[UUID]]:
    """The customers and those whose orders these are, and the orders of nobody known."""
    found = list(Order.objects.filter(pk__in=list(orders)).values_list("pk", "customer_id"))
    people = {*customers, *(customer for _order, customer in found if customer)}
    return sorted(people), sorted(order for order, customer in found if not customer)


def recompute_buyers(customers: Iterable[UUID], orders: Iterable[UUID], since_us: int) -> int:
    """As `recompute`, for those of the customers who bought something since: what changed then leads to no other."""
    bought = Order.objects.filter(customer__in=list(customers), placed_at__gte=clock.from_micros(since_us))
    return _in_portions(set(bought.order_by().values_list("customer_id", flat=True)), orders)


def recompute_all() -> int:
    """Compute all credit anew, such as after the lookback window changed. Returns how many rows stand."""
    touched = Touch.objects.filter(customer=OuterRef("customer"))
    credited = Credit.objects.filter(order=OuterRef("pk"))
    named = Touch.objects.filter(order=OuterRef("pk"))
    orders = Order.objects.filter(Exists(touched) | Exists(credited) | Exists(named))
    customers = orders.exclude(customer=None).order_by().values_list("customer_id", flat=True).distinct()
    strangers = orders.filter(customer=None).order_by().values_list("pk", flat=True)
    rows = _in_portions(list(customers), list(strangers))
    mark_sales_days(Order.objects.order_by().values_list("placed_at", flat=True).iterator())
    return rows


def current_rules() -> Rules:
    """The rules with the business's own lookback window."""
    days = Business.objects.values_list("lookback_days", flat=True).first()
    return Rules(lookback=timedelta(days=days)) if days else Rules()


@transaction.atomic
def _recompute(people: Sequence[UUID], strangers: Sequence[UUID], rules: Rules) -> int:
    known = take_turns(people, strangers)
    rows = sum(_credit(portion, [], known, rules) for portion in _portions(people, PORTION))
    rows += sum(_credit([], portion, known, rules) for portion in _portions(strangers, PORTION))
    # Last, as all that mark days wait for each other: who has its turn there must wait for nothing more.
    mark_sales_days(order.placed_at for order in known.values())
    return rows


def take_turns(people: Sequence[UUID | None], strangers: Sequence[UUID]) -> dict[UUID, Order]:
    """Lock the orders of these customers, and these of nobody known, until the transaction ends; return them.

    Two jobs about one customer take turns; without the lock both would insert the rows of one order. All rows are
    locked at once and in one order for everybody, so that no two wait for each other.
    """
    orders = Order.objects.filter(Q(customer__in=people) | Q(customer=None, pk__in=strangers)).order_by("pk")
    rows = orders.select_for_update().only("pk", "customer_id", "refunded_minor", "placed_at")
    return {order.pk: order for order in rows}


def _credit(
    customers: Sequence[UUID], strangers: Sequence[UUID], known: dict[UUID, Order], rules: Rules
) -> int:
    _fold_visits(customers)
    # What was sold since the orders were locked is credited by its own job, which waits for its turn.
    fresh = [
        row
        for order in _earned(customers, strangers, rules)
        if (sold := known.get(as_uuid(order[0].order_id)))
        for row in _rows(sold, order)
    ]
    whose = {*customers, *strangers}
    ours = [order.pk for order in known.values() if (order.customer_id or order.pk) in whose]
    for portion in _portions(ours, PORTION):
        Credit.objects.filter(order__in=portion).delete()
    Credit.objects.bulk_create(fresh, batch_size=500)
    return len(fresh)


def _earned(customers: Sequence[UUID], strangers: Sequence[UUID], rules: Rules) -> Iterator[list[Earned]]:
    """The earned amounts, order by order."""
    tables, parameters = sources(customers, strangers)
    with connection.cursor() as cursor:
        cursor.execute(definition_over(tables, rules), parameters)
        for _order, earned in groupby(credits_of(cursor.fetchall(), rules), key=attrgetter("order_id")):
            yield list(earned)


def _rows(order: Order, earned: list[Earned]) -> Iterator[Credit]:
    """The rows to keep: what each touch earned, less its part of what was refunded."""
    net = []
    for column in zip(*(credit.minor for credit in earned), strict=True):
        gone = taken_back(column, min(order.refunded_minor, max(0, sum(column))))
        net.append([minor - back for minor, back in zip(column, gone, strict=True)])
    for place, credit in enumerate(earned):
        amounts = {model: net[number][place] for number, model in enumerate(MODELS)}
        yield Credit(
            order_id=order.pk,
            touch_id=as_uuid(credit.touch_id),
            rank=credit.rank,
            touches=credit.n,
            age_us=credit.age_us,
            **amounts,
        )


def _fold_visits(customers: Sequence[UUID]) -> None:
    """Clicks of these customers that led to a reservation or purchase through the same link are part of it."""
    named = Touch.objects.filter(
        kind=TouchKind.RESERVATION,
        order__customer=OuterRef("customer"),
        order__status=OrderStatus.PAID,  # a cancelled sale gives its visits back
        link=OuterRef("link"),
        ts_us__gte=OuterRef("ts_us"),
        ts_us__lt=OuterRef("ts_us") + ONE_VISIT_US,
    ).order_by("ts_us", "pk")
    clicks = Touch.objects.filter(customer__in=customers, order=None, link__isnull=False)
    clicks.update(part_of=Subquery(named.values("pk")[:1]))


def _portions(ids: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(ids)
    while portion := list(islice(rest, size)):
        yield portion
