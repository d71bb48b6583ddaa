"""The credit definition once more, in plain Python: the oracle that the SQL text is checked against.

It asks the question from the other side (which sale does this touch belong to?), shares no code with the text,
and computes the shares in fractions where the text computes in floating point. Slow; the product never runs it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from etalage.credit.rules import DEFAULT_RULES, POSITION_ENDS, Rules


@dataclass(frozen=True, slots=True)
class Sale:
    """An order that counts; a sale without a customer carries its own id as customer."""

    order_id: Any
    customer_id: Hashable
    ts_us: int
    value_minor: int = 0


@dataclass(frozen=True, slots=True)
class Touch:
    """A meeting: of a customer (or of nobody known), or one that names its order."""

    touch_id: Any
    customer_id: Hashable | None
    ts_us: int
    order_id: Any = None


@dataclass(frozen=True, slots=True)
class Step:
    """A touch in an order's journey, with what each model gives it."""

    order_id: Any
    touch_id: Any
    value_minor: int
    rank: int
    n: int
    age_us: int
    shares: tuple[float, float, float, float, float]


def steps_of(touches: Iterable[Touch], sales: Iterable[Sale], rules: Rules = DEFAULT_RULES) -> list[Step]:
    """Every step of every journey, by order and rank."""
    sales = list(sales)
    by_id = {sale.order_id: sale for sale in sales}
    by_customer: dict[Hashable, list[Sale]] = defaultdict(list)
    for sale in sorted(sales, key=lambda sale: (sale.ts_us, sale.order_id)):
        by_customer[sale.customer_id].append(sale)

    journeys: dict[Any, list[tuple[Touch, int]]] = defaultdict(list)
    for touch in touches:
        if touch.order_id is not None:
            if named := by_id.get(touch.order_id):
                age = min(max(named.ts_us - touch.ts_us, 0), rules.lookback_us)
                journeys[named.order_id].append((touch, age))
            continue
        theirs = by_customer.get(touch.customer_id, []) if touch.customer_id is not None else []
        at = bisect_left(theirs, touch.ts_us, key=lambda sale: sale.ts_us)
        if at < len(theirs) and theirs[at].ts_us - touch.ts_us < rules.lookback_us:
            journeys[theirs[at].order_id].append((touch, theirs[at].ts_us - touch.ts_us))

    steps = []
    for order_id in sorted(journeys):
        journey = sorted(journeys[order_id], key=lambda step: (step[0].ts_us, step[0].touch_id))
        steps += _steps(by_id[order_id], journey, rules)
    return steps


def _steps(sale: Sale, journey: list[tuple[Touch, int]], rules: Rules) -> list[Step]:
    n = len(journey)
    freshness = [0.5 ** (age / rules.half_life_us) for _touch, age in journey]
    steps = []
    for rank, (touch, age) in enumerate(journey, start=1):
        if n <= 2:
            position = Fraction(1, n)
        elif rank in (1, n):
            position = POSITION_ENDS
        else:
            position = (1 - 2 * POSITION_ENDS) / (n - 2)
        by_model = (
            float(rank == 1),
            float(rank == n),
            1 / n,
            float(position),
            freshness[rank - 1] / sum(freshness),
        )
        steps.append(Step(sale.order_id, touch.touch_id, sale.value_minor, rank, n, age, by_model))
    return steps
