"""The constants of the rules, in one place for the SQL text and for Python."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

#: Position-based: 40 % each to the first and the last touch, 20 % to those between.
#: Source: the Google Ads API's `AttributionModelEnum`, which also gives time decay its week.
POSITION_ENDS = Fraction(2, 5)

#: Beyond this many half-lives the freshness would come near what a double can hold.
MOST_HALF_LIVES = 256

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """How far back a touch may lie, and after how long it counts half in the decay model.

    Raises ValueError for a lookback or half-life that is not positive, or more than 256 half-lives of lookback.
    """

    lookback: timedelta = timedelta(days=30)
    half_life: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if self.lookback_us < 1 or self.half_life_us < 1:
            raise ValueError("lookback and half-life must be positive")
        if self.lookback_us > MOST_HALF_LIVES * self.half_life_us:
            raise ValueError(f"the lookback must be at most {MOST_HALF_LIVES} half-lives")

    @property
    def lookback_us(self) -> int:
        """The lookback in microseconds."""
        return self.lookback // _MICROSECOND

    @property
    def half_life_us(self) -> int:
        """The half-life in microseconds."""
        return self.half_life // _MICROSECOND

    def as_select(self) -> str:
        """The one typed row `params` of the definition, as a SELECT without placeholders."""
        decay_per_us = math.log(2) / self.half_life_us
        return (
            f"SELECT CAST({self.lookback_us} AS BIGINT) AS lookback_us,"
            f" CAST({decay_per_us!r} AS DOUBLE PRECISION) AS decay_per_us,"
            " CAST(1 AS DOUBLE PRECISION) AS one,"
            " CAST(0 AS DOUBLE PRECISION) AS none,"
            f" CAST({float(POSITION_ENDS)!r} AS DOUBLE PRECISION) AS ends"
        )


DEFAULT_RULES = Rules()
