"""From the definition's rows to rows worth keeping: amounts per order, touch and model, to the cent."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from etalage.credit.models import MODELS, Model, shares, split
from etalage.credit.rules import DEFAULT_RULES, Rules

_ORDER, _TOUCH, _VALUE, _RANK, _N, _AGE = range(6)
_by_rank = itemgetter(_RANK)


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
    """Credit rows for rows of the definition (its first six columns, in their order), in any order.

    An order leaves as soon as its last row is there; engines give an order's rows together, so that few wait.
    For each order and model the amounts sum to the order's value. An order without touches has no rows: what no
    touch claims is the report's "not attributed". Raises ValueError when rows of an order are missing.
    """
    waiting: dict[Hashable, list[Sequence[Any]]] = {}
    for row in rows:
        touches = waiting.setdefault(row[_ORDER], [])
        touches.append(row)
        if len(touches) == row[_N]:
            del waiting[row[_ORDER]]
            yield from _of_one_order(sorted(touches, key=_by_rank), rules)
    if waiting:
        raise ValueError(f"rows are missing of {len(waiting)} orders")


def _of_one_order(touches: Sequence[Sequence[Any]], rules: Rules) -> Iterator[Credit]:
    ages = [touch[_AGE] for touch in touches]
    value = touches[0][_VALUE]
    columns = [split(value, shares(model, ages, rules)) for model in MODELS]
    for touch, minor in zip(touches, zip(*columns, strict=True), strict=True):
        yield Credit(touch[_ORDER], touch[_TOUCH], touch[_RANK], touch[_N], touch[_AGE], minor)
