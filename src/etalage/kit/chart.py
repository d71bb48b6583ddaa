"""A chart as data: any room makes one, the web shell draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """One line or one colour of bars: its name and one value per label (None where nothing is known)."""

    name: str
    values: Sequence[float | int | None]


@dataclass(frozen=True)
class Chart:
    """Values over labels, in the order in which they are read.

    `unit` is "number", "percent" (values are ratios: 0.21) or a currency code (values are minor units).
    `description` says in a sentence what is to be seen, for those who do not see the picture.
    """

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = "number"
    stacked: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        for series in self.series:
            if len(series.values) != len(self.labels):
                raise ValueError(
                    f"{series.name!r} has {len(series.values)} values for {len(self.labels)} labels."
                )
