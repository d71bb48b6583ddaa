"""From the definition's rows to rows worth keeping: amounts per order, touch and model, to the cent."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from etalage.credit.models import MODELS, Model, shares, split
from etalage.credit.rules import DEFAULT_RULES, Rules

_ORDER, _TOUCH, _VALUE, _RANK, _N, _AGE = range(6)


class Credit(NamedTuple):
    """What one touch earned of one order: `minor` in the order's currency, one amount per model of `MODELS`."""

    order_id: Any
    touch_id: Any
    rank: int
    n: int
    age_us: int
    minor: tuple[int, ...]

    def by(self, model: Model) -> int:
        """The amount under one model."""
        return self.minor[MODELS.index(model)]


def credits_of(rows: Iterable[Sequence[Any]], rules: Rules = DEFAULT_RULES) -> Iterator[Credit]:
    """Credit rows for rows of the definition (its first six columns, in its order); holds one order at a time.

    For each order and model the amounts sum to the order's value. An order without touches has no rows: what no
    touch claims is the report's "not attributed".
    """
    for order_id, group in groupby(rows, key=itemgetter(_ORDER)):
        touches = list(group)
        yield from _of_one_order(order_id, touches, rules)


def _of_one_order(order_id: Hashable, touches: Sequence[Sequence[Any]], rules: Rules) -> Iterator[Credit]:
    ages = [touch[_AGE] for touch in touches]
    value = touches[0][_VALUE]
    columns = [split(value, shares(model, ages, rules)) for model in MODELS]
    for touch, minor in zip(touches, zip(*columns, strict=True), strict=True):
        yield Credit(order_id, touch[_TOUCH], touch[_RANK], touch[_N], touch[_AGE], minor)
