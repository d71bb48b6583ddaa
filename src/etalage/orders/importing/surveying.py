"""What can be told of a file only by looking through it: how it writes dates and amounts, and what its totals are."""

from __future__ import annotations

from collections.abc import Mapping

from etalage.orders.importing.staging import Rows

_ENOUGH = 5_000
_MOST = 20_000
_AMOUNTS = ("unit_price", "line_total", "order_total")


class Survey:
    """Collects samples while rows pass."""

    def __init__(self, columns: Mapping[str, int]) -> None:
        self._columns = columns
        self._date = columns["date"]
        self._amounts = [columns[key] for key in _AMOUNTS if key in columns]
        self._total = columns.get("order_total") if "line_total" not in columns else None
        self._rows = 0
        self._per_line = False
        self.dates: set[str] = set()
        self.amounts: set[str] = set()

    def look(self, rows: Rows) -> None:
        """Look at some rows of one order."""
        some = rows.cells if self._rows < _ENOUGH else rows.cells[:1]
        self._rows += len(some)
        if len(self.dates) < _MOST:
            self.dates.update(row[self._date] for row in some)
        if len(self.amounts) < _MOST:
            self.amounts.update(row[place] for row in some for place in self._amounts)
        if self._total is not None and not self._per_line:
            self._per_line = len({row[self._total].strip() for row in rows.cells} - {""}) > 1

    def columns(self) -> dict[str, int]:
        """The columns; a “total” that differs from row to row of one order is the line's, not the order's."""
        columns = dict(self._columns)
        if self._per_line:
            columns["line_total"] = columns.pop("order_total")
        return columns
