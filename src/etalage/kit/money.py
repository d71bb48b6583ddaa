"""Money: whole minor units and a currency. Never a float."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_currency_precision

from etalage.kit.amounts import parse_amount

__all__ = ["Money", "exponent", "is_currency", "parse_amount", "share_out", "total"]


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(get_global("all_currencies"))


def is_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 code, in capitals, that Babel knows."""
    return code in _currencies()


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """Digits after the decimal mark, from CLDR: EUR 2, JPY 0, TND 3. ValueError for an unknown currency."""
    if not is_currency(currency):
        raise ValueError(f"{currency!r} is not a currency code like EUR.")
    return get_currency_precision(currency)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: `Money(1250, "EUR")` is 12.50 euro. Two currencies do not mix (TypeError)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("Money counts whole minor units.")
        if not is_currency(self.currency):
            raise ValueError(f"{self.currency!r} is not a currency code like EUR.")

    @property
    def is_zero(self) -> bool:
        return self.minor == 0

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __mul__(self, times: int) -> Money:
        if type(times) is not int:
            return NotImplemented
        return Money(self.minor * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        # `if price:` would take a free product for one without a price.
        raise TypeError("Ask money for `is_zero`.")

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise TypeError(
                f"{self.currency} does not mix with {getattr(other, 'currency', type(other).__name__)}."
            )
        return other.minor


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts in one currency; zero when there are none."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` minor units in proportion to `weights`, by largest remainder; the parts sum to `total`.

    Equal remainders favour the earlier part. A negative total gives the mirror image of the positive one. A
    weight of zero gets nothing, unless all are zero: then all count the same. ValueError for a negative
    weight, or for something to share and nobody to share it with.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("A weight cannot be negative.")
    if not weights:
        if total:
            raise ValueError("There is nobody to share with.")
        return []
    if total < 0:
        return [-part for part in share_out(-total, weights)]
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    parts, remainders = map(list, zip(*(divmod(total * weight, whole) for weight in weights), strict=True))
    by_remainder = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts
