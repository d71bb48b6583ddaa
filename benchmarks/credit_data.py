"""A seeded shop of a million touches, in the shape of the measurements it is compared with.

Customers are drawn from a shifted Zipf law: half of those who touch do so at most three times, and one of them does
thousands of times. About 3 % of them buy, rather those who touch often; about half of their orders find no touch.
"""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID

SEED = 20240517
DAY_US = 86_400_000_000
DAYS = 90
_POPULATION = 130_000
_SHIFT = 20
_EXPONENT = 0.97
_KEENNESS = 0.6
_BUYERS_PER_TOUCH = 0.003_6
_ORDERS_PER_TOUCH = 0.010_095
_PUBLICATIONS = 800
_KINDS = ("click", "click", "click", "click", "qr", "reservation")

TouchRow = tuple[str, str, str | None, int, str, str, int]
OrderRow = tuple[str, str, int, int, str]


@dataclass(frozen=True)
class Shop:
    """Touches (id, customer, order named, ts_us, publication, kind, is_bot) in time order, and orders
    (id, customer, ts_us, value_minor, status)."""

    touches: list[TouchRow]
    orders: list[OrderRow]


def _id(kind: int, number: int) -> str:
    """32 hexadecimal digits that sort by number, as time-ordered ids do."""
    return UUID(int=(kind << 120) | (number << 62) | (number * 0x9E3779B97F4A7C15 & (1 << 62) - 1)).hex


def made(touches: int, seed: int = SEED) -> Shop:
    """A shop of so many touches; the same for the same seed."""
    chance = random.Random(seed)
    weights = [(place + _SHIFT) ** -_EXPONENT for place in range(_POPULATION * touches // 1_000_000 + 1)]
    cumulated = list(accumulate(weights))
    customers = [_id(1, number) for number in range(len(weights))]
    publications = [_id(3, number) for number in range(_PUBLICATIONS)]
    drawn = chance.choices(range(len(weights)), cum_weights=cumulated, k=touches)
    moments = sorted(chance.randrange(DAYS * DAY_US) for _ in range(touches))
    touched: list[TouchRow] = [
        (_id(2, number), customers[who], None, moment, chance.choice(publications), chance.choice(_KINDS), 0)
        for number, (who, moment) in enumerate(zip(drawn, moments, strict=True))
    ]
    keen = list(accumulate(weight**_KEENNESS for weight in weights))
    buyers = sorted(
        set(chance.choices(range(len(weights)), cum_weights=keen, k=round(touches * _BUYERS_PER_TOUCH)))
    )
    placed = sorted(
        (chance.randrange(DAYS * DAY_US), chance.choice(buyers))
        for _ in range(round(touches * _ORDERS_PER_TOUCH))
    )
    orders = [
        (_id(4, number), customers[who], moment, chance.randrange(300, 25_000), "paid")
        for number, (moment, who) in enumerate(placed)
    ]
    return Shop(touched, orders)


def stored(shop: Shop, path: str) -> sqlite3.Connection:
    """The shop in a SQLite file, with the product's settings and the indexes that its touches have."""
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        PRAGMA journal_mode=WAL;
        PRAGMA synchronous=FULL;
        PRAGMA cache_size=-16384;
        PRAGMA temp_store=MEMORY;
        CREATE TABLE meeting (
            id char(32) PRIMARY KEY, customer_id char(32), order_id char(32), ts_us bigint NOT NULL,
            publication_id char(32), kind varchar(11) NOT NULL, is_bot bool NOT NULL
        );
        CREATE TABLE purchase (
            id char(32) PRIMARY KEY, customer_id char(32), ts_us bigint NOT NULL, value_minor bigint NOT NULL,
            status varchar(9) NOT NULL
        );
        CREATE TABLE kept (
            order_id char(32), touch_id char(32), rank integer, n integer, age_us bigint,
            first_minor bigint, last_minor bigint, linear_minor bigint, position_minor bigint, decay_minor bigint,
            PRIMARY KEY (order_id, touch_id)
        );
        """
    )
    with connection:
        connection.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?, ?)", shop.touches)
        connection.executemany("INSERT INTO purchase VALUES (?, ?, ?, ?, ?)", shop.orders)
        connection.execute(
            "CREATE INDEX meeting_customer ON meeting (customer_id, ts_us, id)"
            " WHERE customer_id IS NOT NULL AND order_id IS NULL AND is_bot = 0"
        )
        connection.execute("CREATE INDEX meeting_order ON meeting (order_id)")
        connection.execute("CREATE INDEX purchase_customer ON purchase (customer_id, ts_us)")
    return connection
