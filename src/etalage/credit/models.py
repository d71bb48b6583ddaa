"""Rule models, and amounts that sum to the cent: when credited, and after any refunds.

Two laws, both exact in integers:

**Credit.** An order's value is shared over its touches by largest remainder: each touch gets its exact share
rounded down or up, and the whole is the value.

**Refunds.** What was taken back so far is a running total, and where it came from depends on that total and the
credit alone (`taken_back`), never on the steps that led there. The total is halved down a tree over the touches,
each node giving its left half the rounded share of what reaches it. For two heirs, rounding can neither take a
cent back when the total grows nor give more than was credited; so no heir of the whole tree can. It follows that

* credits and refunds sum to the order's net value after every refund;
* the rows left are the same for every order of the same refunds;
* a refund never adds to a row, and no row passes zero;
* what was taken back whole leaves exactly 0 in every row;
* each row is within (log2 of the touches, rounded up) / 2 minor units of its exact share.

Largest remainder has all of these but one, for want of which it is not used here: its rows do not move in one
direction (the "Alabama paradox" of parliaments), so a refund could add a cent to a touch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, get_args

from etalage.credit.rules import DEFAULT_RULES, POSITION_ENDS, Rules
from etalage.kit.money import share_out

Model = Literal["first", "last", "linear", "position", "decay"]

MODELS: Final[tuple[Model, ...]] = get_args(Model)

#: Decay weights are whole numbers of this fineness, the youngest touch's being 2**40: floating point ends here.
_DECAY_ONE = 2.0**40


def _first(ages: Sequence[int], rules: Rules) -> list[int]:
    return [1] + [0] * (len(ages) - 1)


def _last(ages: Sequence[int], rules: Rules) -> list[int]:
    return [0] * (len(ages) - 1) + [1]


def _linear(ages: Sequence[int], rules: Rules) -> list[int]:
    return [1] * len(ages)


def _position(ages: Sequence[int], rules: Rules) -> list[int]:
    between = len(ages) - 2
    if between < 1:
        return [1] * len(ages)
    end = POSITION_ENDS * between
    middle = 1 - 2 * POSITION_ENDS
    scale = math.lcm(end.denominator, middle.denominator)
    return [int(end * scale), *[int(middle * scale)] * between, int(end * scale)]


def _decay(ages: Sequence[int], rules: Rules) -> list[int]:
    youngest = min(ages)
    half_life = rules.half_life_us
    return [round(_DECAY_ONE * math.exp2((youngest - age) / half_life)) for age in ages]


_SHARES: Mapping[Model, Callable[[Sequence[int], Rules], list[int]]] = {
    "first": _first,
    "last": _last,
    "linear": _linear,
    "position": _position,
    "decay": _decay,
}


def shares(model: Model, ages_us: Sequence[int], rules: Rules = DEFAULT_RULES) -> list[int]:
    """Whole weights of an order's touches, the oldest first; only their proportions mean something.

    `ages_us` are the microseconds from each touch to the order. No touches, no weights.
    """
    return _SHARES[model](ages_us, rules) if ages_us else []


def split(value_minor: int, weights: Sequence[int]) -> list[int]:
    """Share `value_minor` (which may be negative) by `weights`, by largest remainder; the sum is exact.

    The split of a negative value mirrors that of its opposite; equal remainders favour the older touch.
    Raises ValueError when a value has nobody to go to.
    """
    return share_out(value_minor, weights)


def _halve(credits_minor: Sequence[int], start: int, stop: int, total: int, out: list[int]) -> None:
    """Give `total` to `out[start:stop]`; credits are zero or more, and sum to zero only where total is zero."""
    if stop - start == 1:
        out[start] = total
        return
    middle = (start + stop) // 2
    left = sum(credits_minor[start:middle])
    whole = left + sum(credits_minor[middle:stop])
    to_left = (2 * total * left + whole) // (2 * whole) if total else 0
    _halve(credits_minor, start, middle, to_left, out)
    _halve(credits_minor, middle, stop, total - to_left, out)


def taken_back(credits_minor: Sequence[int], total_minor: int) -> list[int]:
    """How much of each credit is gone once `total_minor` of their sum was taken back, whatever the steps were.

    `total_minor` lies between zero and the sum of the credits, with its sign. Raises ValueError when it does not,
    or when credits have both signs.
    """
    whole = sum(credits_minor)
    sign = -1 if whole < 0 else 1
    if any(credit * sign < 0 for credit in credits_minor):
        raise ValueError("the credits of one order must have one sign")
    if not 0 <= total_minor * sign <= whole * sign:
        raise ValueError("no more can be taken back than was credited")
    gone = [0] * len(credits_minor)
    if total_minor:
        _halve([credit * sign for credit in credits_minor], 0, len(gone), total_minor * sign, gone)
    return [amount * sign for amount in gone]


def refund_split(
    original_credits: Sequence[int], refund_minor: int, already_refunded_credits: Sequence[int] | None = None
) -> list[int]:
    """The rows of one more refund, to be added to an order's credit: zero or negative, summing to -refund_minor.

    `already_refunded_credits` are the sums per touch of the refund rows before it (zero or negative too).
    A correction that undoes a refund is a negative `refund_minor`. Raises ValueError when more would be refunded
    than was credited: the rest belongs to nobody's touch, and shows as not attributed.
    """
    before = already_refunded_credits or [0] * len(original_credits)
    gone = taken_back(original_credits, refund_minor - sum(before))
    return [-now - earlier for now, earlier in zip(gone, before, strict=True)]
