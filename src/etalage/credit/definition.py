"""The credit definition: one SQL text (`definition.sql`), bound to tables of any name."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from etalage.credit.rules import DEFAULT_RULES, Rules

#: The columns of the result, in their order. Rows come in any order: `n` says when an order is complete.
COLUMNS = (
    "order_id",
    "touch_id",
    "value_minor",
    "rank",
    "n",
    "age_us",
    "first_share",
    "last_share",
    "linear_share",
    "position_share",
    "decay_share",
)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the definition reads, each a SELECT that yields the columns named beside it.

    Keep `touch` a plain SELECT over one table that has an index on customer and time: the engine then reads only
    the touches that a sale can claim. An index that also holds the touch's id, on only the rows that the SELECT
    lets through, spares it the table (a third of the time, measured on SQLite with a million touches).

    Placeholders are the caller's driver's: they stand in the text in the order of these fields. What makes a touch
    count (consent given, no robot) is a condition in its SELECT.

    A touch may stand in `touch` or in `named_touch`, never in both.
    """

    touch: str  #: touch_id, customer_id, ts_us
    named_touch: str  #: touch_id, order_id, ts_us
    sale: str  #: order_id, customer_id, ts_us, value_minor
    wanted_customer: str  #: customer_id; all orders of a customer, since one bounds the next

    def prelude(self, rules: Rules) -> str:
        """The five tables of the definition as common table expressions, without the word WITH."""
        tables = {
            "touch": self.touch,
            "named_touch": self.named_touch,
            "sale": self.sale,
            "wanted_customer": self.wanted_customer,
            "params": rules.as_select(),
        }
        return ",\n".join(f"{name} AS (\n{select}\n)" for name, select in tables.items())


@cache
def definition() -> str:
    """The text as it stands, to be run where the five tables exist under their own names."""
    return files("etalage.credit").joinpath("definition.sql").read_text(encoding="utf-8")


def definition_over(sources: Sources, rules: Rules = DEFAULT_RULES) -> str:
    """The same text with `sources` put in front of it; its rows have `COLUMNS`."""
    comment, with_, body = definition().partition("\nWITH\n")
    return f"{comment}{with_}{sources.prelude(rules)},\n{body}"


def ensure_exp(connection: sqlite3.Connection) -> None:
    """Give a bare SQLite connection `exp` when its library was built without mathematics (Django always has it)."""
    try:
        connection.execute("SELECT exp(0)").fetchone()
    except sqlite3.OperationalError:
        connection.create_function("exp", 1, math.exp, deterministic=True)
