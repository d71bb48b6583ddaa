"""Rows put together: the product that they describe, and its articles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from etalage.catalogue.importing.rows import ProductRow, derived_sku


@dataclass
class ProductGroup:
    """Neighbouring rows of one product. `listed`: they name their product, so an article that is missing among them
    is no longer sold.
    """

    handle: str
    listed: bool
    rows: list[ProductRow] = field(default_factory=list)

    def texts(self, name: str) -> dict[str, str]:
        """Per language the first text that a row has."""
        found: dict[str, str] = {}
        for row in self.rows:
            found = {**getattr(row, name), **found}
        return found

    def first(self, name: str) -> object | None:
        """The first value that says something, else the empty one that says there is none, else None."""
        values = [value for row in self.rows if (value := getattr(row, name)) is not None]
        return next((value for value in values if value), values[0] if values else None)

    def images(self) -> dict[str, str]:
        """The addresses of pictures in order, each with its words."""
        found: dict[str, str] = {}
        for row in self.rows:
            for address in row.images:
                found.setdefault(address, row.image_alt)
        return found

    def articles(self) -> Iterator[tuple[ProductRow, str, dict[str, str]]]:
        """Each row of an article that can be taken, with its article number and its options by name."""
        names: list[str] = []
        for row in self.rows:
            names = [name or _at(names, place) for place, name in enumerate(row.option_names)] or names
            if not row.is_variant or row.problem:
                continue
            values = [value for value in row.option_values if value]
            options = {
                _at(names, place) or str(place + 1): value
                for place, value in enumerate(row.option_values)
                if value
            }
            yield row, row.sku or derived_sku(self.handle, values), options

    @property
    def has_problem(self) -> bool:
        """Whether a row was refused: then nothing can be said of what is missing."""
        return any(row.problem for row in self.rows)


def group_rows(rows: Iterable[ProductRow], listed: bool, most: int = 2000) -> Iterator[ProductGroup]:
    """Yield neighbouring rows of the same product together; a product is cut after `most` rows."""
    group: ProductGroup | None = None
    for row in rows:
        if group and (group.handle != row.handle or len(group.rows) >= most):
            yield group
            group = None
        group = group or ProductGroup(row.handle, listed)
        group.rows.append(row)
    if group:
        yield group


def _at(names: list[str], place: int) -> str:
    return names[place] if place < len(names) else ""
