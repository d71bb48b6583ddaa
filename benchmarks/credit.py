"""Credit of a million touches on SQLite, against the database's own full scan of them and a pandas merge.

The scan is the least that any program does that reads the touches at all. The merge is how one would do it without
a database, and is timed twice: with its frames already in memory, and with reading them from the same file.
Both must give the same shares as the definition, and the kept rows must sum to the cent, or there is no figure.
"""

from __future__ import annotations

import math
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.credit_data import DAY_US, DAYS, Shop, made, stored
from benchmarks.measure import Figure, by_turns, ratio, seconds
from etalage.credit.definition import Sources, definition_over
from etalage.credit.ledger import Credit, credits_of
from etalage.credit.models import MODELS
from etalage.credit.rules import DEFAULT_RULES, POSITION_ENDS

TOUCHES = 1_000_000
_SCAN = (
    "SELECT count(id), count(customer_id), count(order_id), sum(ts_us), count(publication_id), count(kind),"
    " sum(is_bot) FROM meeting"
)
_TOUCH = (
    "SELECT id AS touch_id, customer_id, ts_us FROM meeting"
    " WHERE customer_id IS NOT NULL AND order_id IS NULL AND is_bot = 0"
)
_SALE = "SELECT id AS order_id, customer_id, ts_us, value_minor FROM purchase WHERE status = 'paid'"
_EVERYONE = "SELECT customer_id FROM purchase"
_LAST_DAY = f"{_EVERYONE} WHERE ts_us >= {(DAYS - 1) * DAY_US}"


def _query(wanted: str) -> str:
    return definition_over(
        Sources(
            touch=_TOUCH,
            named_touch="SELECT id AS touch_id, order_id, ts_us FROM meeting WHERE order_id IS NOT NULL AND is_bot = 0",
            sale=_SALE,
            wanted_customer=wanted,
        )
    )


def _credit(connection: sqlite3.Connection, wanted: str = _EVERYONE) -> list[tuple[Any, ...]]:
    return connection.execute(_query(wanted)).fetchall()


def _keep(connection: sqlite3.Connection) -> None:
    """Credit, to the cent, as rows of a table, in one transaction."""
    rows = (
        (c.order_id, c.touch_id, c.rank, c.n, c.age_us, *c.minor)
        for c in credits_of(connection.execute(_query(_EVERYONE)))
    )
    with connection:
        connection.execute("DELETE FROM kept")
        connection.executemany("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _merge(touches: Any, orders: Any) -> Any:
    """The same credit by a pandas merge: one row per (order, touch), with the five shares."""
    import numpy
    import pandas

    lookback, end = DEFAULT_RULES.lookback_us, float(POSITION_ENDS)
    sold = orders.sort_values(["customer_id", "ts_us", "order_id"])
    previous = sold.groupby("customer_id")["ts_us"].shift().fillna(-1).astype("int64")
    sold = sold.assign(after_us=numpy.maximum(previous, sold["ts_us"] - lookback)).rename(
        columns={"ts_us": "sold_us"}
    )
    led = pandas.merge(touches, sold, on="customer_id")
    led = led[(led["ts_us"] > led["after_us"]) & (led["ts_us"] <= led["sold_us"])]
    led = led.sort_values(["order_id", "ts_us", "touch_id"])
    journey = led.groupby("order_id", sort=False)
    rank, n = journey.cumcount() + 1, journey["touch_id"].transform("size")
    age = led["sold_us"] - led["ts_us"]
    fresh = numpy.exp(-age * (math.log(2) / DEFAULT_RULES.half_life_us))
    middle = (1 - 2 * end) / (n - 2).clip(lower=1)
    return led.assign(
        rank=rank,
        n=n,
        age_us=age,
        first=(rank == 1).astype(float),
        last=(rank == n).astype(float),
        linear=1 / n,
        position=numpy.where(n <= 2, 1 / n, numpy.where((rank == 1) | (rank == n), end, middle)),
        decay=fresh / fresh.groupby(led["order_id"]).transform("sum"),
    )


def _read_and_merge(connection: sqlite3.Connection) -> Any:
    import pandas

    return _merge(pandas.read_sql_query(_TOUCH, connection), pandas.read_sql_query(_SALE, connection))


def _check(shop: Shop, rows: list[tuple[Any, ...]], merged: Any) -> list[Credit]:
    """Raise AssertionError unless the merge agrees and every order's rows sum to its value in every model."""
    shares = {(row[0], row[1]): row[6:] for row in rows}
    theirs = zip(
        merged["order_id"], merged["touch_id"], merged[list(MODELS)].itertuples(index=False), strict=True
    )
    worst = max(
        abs(a - b)
        for order, touch, row in theirs
        for a, b in zip(shares.pop((order, touch)), row, strict=True)
    )
    assert not shares and worst < 1e-12, "pandas and the definition disagree"
    kept = list(credits_of(rows))
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * len(MODELS))
    for credit in kept:
        sums[credit.order_id] = [a + b for a, b in zip(sums[credit.order_id], credit.minor, strict=True)]
    value = {order: minor for order, _customer, _moment, minor, _status in shop.orders}
    assert all(sums[order] == [value[order]] * len(MODELS) for order in sums), (
        "an order does not sum to the cent"
    )
    return kept


def run() -> list[Figure]:
    """The figures of credit."""
    import pandas

    shop = made(TOUCHES)
    with tempfile.TemporaryDirectory(prefix="etalage-benchmark-") as folder:
        connection = stored(shop, str(Path(folder) / "shop.sqlite3"))
        try:
            frames = pandas.read_sql_query(_TOUCH, connection), pandas.read_sql_query(_SALE, connection)
            rows = _credit(connection)
            kept = _check(shop, rows, _merge(*frames))
            works: dict[str, Callable[[], object]] = {
                "scan": lambda: connection.execute(_SCAN).fetchall(),
                "credit": partial(_credit, connection),
                "day": partial(_credit, connection, _LAST_DAY),
                "cents": lambda: list(credits_of(rows)),
                "keep": partial(_keep, connection),
                "merge": partial(_merge, *frames),
                "read and merge": partial(_read_and_merge, connection),
            }
            timings = by_turns(works)
        finally:
            connection.close()
    orders = len({credit.order_id for credit in kept})
    told = f"{len(kept):,} of {TOUCHES:,} touches led to {orders:,} of {len(shop.orders):,} orders"

    def figure(name: str, ours: str, theirs: str, aim: float, note: str = "") -> Figure:
        return Figure(name, seconds(timings[ours]), ratio(timings[ours], timings[theirs]), aim, note=note)

    return [
        figure("credit in five models / the database's scan of the touches", "credit", "scan", 4, told),
        figure("credit / a pandas merge of frames in memory", "credit", "merge", 1.5),
        figure("credit / a pandas merge that reads the same file", "credit", "read and merge", 0.5),
        figure("credit to the cent and kept as rows / the scan", "keep", "scan", 10),
        figure("rounding alone, to the cent in five models / the scan", "cents", "scan", 5),
        figure("credit for the customers of one day / of all", "day", "credit", 0.25),
    ]
