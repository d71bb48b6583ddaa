"""A file of real or made order lines, a shop's database to read it into, and the bare insert to compare with."""

from __future__ import annotations

import csv
import gzip
import os
import random
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

REAL = (
    Path(__file__).resolve().parents[2]
    / "shared/data/commerce/uci_online_retail_lines_2010-12_2011-05.csv.gz"
)
LINES = 209_029
_COMMIT_EVERY = 10_000
_HEADER = (
    *("invoice_no", "stock_code", "description", "quantity"),
    *("invoice_date", "unit_price", "customer_id", "country"),
)


def lines_file(folder: Path) -> Path:
    """The real lines where they lie beside the checkout, else made ones of the same shape."""
    return REAL if REAL.exists() else made_file(folder / "lines.csv.gz", LINES)


def made_file(path: Path, lines: int) -> Path:
    """Write so many made lines: about twenty to an order, one order in six a credit note."""
    with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=5) as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        writer.writerows(islice(_made(random.Random(7)), lines))
    return path


def _made(chance: random.Random) -> Iterator[list[Any]]:
    articles = [
        (f"{20000 + n}", f"ARTICLE NUMBER {n}", f"{chance.randint(10, 2000) / 100:.2f}") for n in range(3000)
    ]
    minute = 0
    number = 500_000
    while True:
        number, minute = number + 1, minute + chance.randint(1, 12)
        back = chance.random() < 1 / 6
        customer = "" if chance.random() < 0.2 else str(chance.randint(10_000, 13_000))
        date = (
            f"20{10 + minute // 525_600 % 80:02}-{1 + minute // 43_800 % 12:02}-{1 + minute // 1440 % 28:02}"
        )
        moment = f"{date} {minute // 60 % 24:02}:{minute % 60:02}:00"
        for _ in range(chance.randint(1, 3) if back else chance.randint(1, 45)):
            sku, title, price = chance.choice(articles)
            pieces = -chance.randint(1, 3) if back else chance.randint(1, 24)
            yield [
                f"{'C' if back else ''}{number}",
                sku,
                title,
                pieces,
                moment,
                price,
                customer,
                "United Kingdom",
            ]


def bare_insert(path: Path, database: Path) -> None:
    """The least that any program does which keeps the lines: one table, no index, a commit every 10,000 rows."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE line (a, b, c, d, e, f, g, h)")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        while some := list(islice(rows, _COMMIT_EVERY)):
            connection.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?)", some)
            connection.commit()
    connection.close()


def new_shop(folder: Path) -> None:
    """Make this process a shop in `folder`: settings, an empty database with every table, a business."""
    os.environ |= {
        "ETALAGE_DATA": str(folder),
        "ETALAGE_SECRET_KEY": "only-for-benchmarks-" + "x" * 40,
        "DJANGO_SETTINGS_MODULE": "etalage.settings",
    }
    os.environ.pop("DATABASE_URL", None)
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.DATA.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)

    from etalage.accounts.models import Business

    Business.objects.get_or_create(defaults={"name": "Benchmark", "currency": "GBP"})


def forget_orders() -> None:
    """Empty the shop's database of what an import has written."""
    from etalage.customers.models import Customer, Identity
    from etalage.jobs.models import Event, Job, LiveChange
    from etalage.orders.models import Order, OrderLine, Refund, RefundLine

    for model in (RefundLine, Refund, OrderLine, Order, Identity, Customer, Job, Event, LiveChange):
        model._default_manager.all()._raw_delete("default")


def import_orders(path: Path) -> Any:
    """Read a file of orders as a run does, without the run's own bookkeeping. Returns the counts."""
    from etalage.imports.importers import Context, Counts, importer_for
    from etalage.imports.reading.columns import find_columns
    from etalage.imports.reading.table import open_table
    from etalage.kit import clock
    from etalage.kit.ids import uuid7

    importer = importer_for("orders")
    with open_table(path) as table:
        context = Context(
            run_id=uuid7(),
            columns=find_columns(table.header, importer.fields),
            options={"source": "benchmark"},
            currency="GBP",
            zone=clock.zone("Europe/London"),
            refuse=lambda *_: None,
            progress=lambda *_: None,
            counts=Counts(),
        )
        return importer.load(table, context)


def import_into(folder: str, path: str) -> None:
    """A shop of its own and one import, for a process whose memory is measured."""
    new_shop(Path(folder))
    import_orders(Path(path))
