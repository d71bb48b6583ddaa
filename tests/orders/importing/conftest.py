"""Files of orders, read as the import reads them, and what became of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Sum

from etalage.imports.importers import Context, Counts
from etalage.imports.reading.columns import find_columns, missing
from etalage.imports.reading.table import open_table
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.ids import uuid7
from etalage.orders.importing.importer import OrderImporter
from etalage.orders.models import Order, OrderStatus, Refund
from tests.conftest import World

HEADER = ["number", "date", "sku", "title", "quantity", "unit price", "customer id"]


@dataclass
class Outcome:
    """What one import did."""

    counts: Counts
    refused: list[tuple[int, list[str], Refusal]] = field(default_factory=list)
    reports: int = 0

    @property
    def codes(self) -> list[str]:
        """The reasons, by row."""
        return [reason.code for _number, _row, reason in sorted(self.refused, key=lambda each: each[0])]

    @property
    def changed(self) -> int:
        """How many orders and notes are other than before."""
        return self.counts.created + self.counts.updated


Load = Callable[..., Outcome]


def read_file(
    path: Path, options: Mapping[str, str] | None = None, told: Mapping[str, str] | None = None
) -> Outcome:
    """Import a file as a run does."""
    importer, outcome = OrderImporter(), Outcome(Counts())

    def report(_rows: int, _counts: Counts) -> None:
        outcome.reports += 1

    with open_table(path) as table:
        columns = find_columns(table.header, importer.fields, told)
        assert not missing(columns, importer.fields)
        context = Context(
            run_id=uuid7(),
            columns=columns,
            options=options or {},
            currency=(options or {}).get("currency", "EUR"),
            zone=clock.zone("Europe/Brussels"),
            refuse=lambda number, row, reason: outcome.refused.append((number, list(row), reason)),
            progress=report,
            counts=outcome.counts,
        )
        importer.load(table, context)
    return outcome


@pytest.fixture
def load(world: World, tmp_path: Path) -> Load:
    """Import rows under a header; other arguments are options of the import."""

    def run(rows: Sequence[Sequence[object]], header: Sequence[str] = HEADER, **options: str) -> Outcome:
        path = tmp_path / f"{uuid7()}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return read_file(path, options)

    return run


def believe_empty() -> None:
    """What autovacuum leaves where it looked at tables whose rows were taken back: PostgreSQL's planner sees none.

    With half a year of real sales, joining the notes to them did not end for minutes.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pg_class SET reltuples = 0, relpages = 200 WHERE relname LIKE 'orders_%%' AND relkind = 'r'"
            )


def net_minor() -> int:
    """What all sales and refunds come to."""
    sold = Order.objects.filter(status=OrderStatus.PAID).aggregate(total=Sum("total_minor"))["total"] or 0
    back = Refund.objects.aggregate(total=Sum("amount_minor"))["total"] or 0
    return int(sold - back)
