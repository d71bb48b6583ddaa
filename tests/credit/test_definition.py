"""The SQL text against the slow definition in Python, on random journeys; and its rules one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.credit.definition import COLUMNS, Sources, definition, definition_over, ensure_exp
from etalage.credit.journeys import Sale, Step, Touch, steps_of
from etalage.credit.ledger import credits_of
from etalage.credit.models import MODELS, shares
from etalage.credit.rules import Rules
from tests.credit import databases
from tests.credit.databases import Database

#: Windows so narrow that random journeys meet every edge of the rule.
RULES = Rules(lookback=timedelta(microseconds=12), half_life=timedelta(microseconds=5))

TABLES = """
CREATE TEMPORARY TABLE touch (touch_id bigint, customer_id bigint, ts_us bigint);
CREATE TEMPORARY TABLE named_touch (touch_id bigint, order_id bigint, ts_us bigint);
CREATE TEMPORARY TABLE sale (order_id bigint, customer_id bigint, ts_us bigint, value_minor bigint);
CREATE TEMPORARY TABLE wanted_customer (customer_id bigint);
CREATE TEMPORARY TABLE params AS
"""


@pytest.fixture(scope="module", params=databases.names())
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with databases.opened(request.param) as database:
        for statement in f"{TABLES}{RULES.as_select()}".split(";\n"):
            database.execute(statement)
        yield database


def fill(database: Database, touches: list[Touch], sales: list[Sale], wanted: set[int] | None = None) -> None:
    free = [(t.touch_id, t.customer_id, t.ts_us) for t in touches if t.order_id is None]
    named = [(t.touch_id, t.order_id, t.ts_us) for t in touches if t.order_id is not None]
    everyone = {sale.customer_id for sale in sales}
    database.fill("touch", free)
    database.fill("named_touch", named)
    database.fill("sale", [(s.order_id, s.customer_id, s.ts_us, s.value_minor) for s in sales])
    database.fill("wanted_customer", [(c,) for c in (everyone if wanted is None else wanted)])


def computed(database: Database, sql: str = "") -> list[Step]:
    steps = [Step(*row[:6], shares=row[6:]) for row in database.execute(sql or definition())]
    return sorted(steps, key=lambda step: (step.order_id, step.rank))


def same(found: list[Step], expected: list[Step]) -> bool:
    """Equal in all that is whole, and to 1e-12 in what floats."""
    assert [replace(step, shares=()) for step in found] == [replace(step, shares=()) for step in expected]
    for f, e in zip(found, expected, strict=True):
        assert f.shares == pytest.approx(e.shares, rel=1e-12)
    return True


@st.composite
def shops(draw: st.DrawFn) -> tuple[list[Touch], list[Sale]]:
    """A few customers who touch and buy within one narrow stretch of time, often at the same instant."""
    customers, moments = st.integers(1, 3), st.integers(0, 40)
    sales = [
        Sale(order_id, draw(customers), draw(moments), draw(st.integers(-500, 5_000)))
        for order_id in draw(st.lists(st.integers(1, 60), unique=True, max_size=7))
    ]
    orders = st.none() | st.sampled_from([0, *(sale.order_id for sale in sales)])
    touches = [
        Touch(touch_id, draw(st.none() | customers), draw(moments), draw(st.none() | orders))
        for touch_id in draw(st.lists(st.integers(1, 90), unique=True, max_size=20))
    ]
    return touches, sales


thorough = settings(deadline=None, max_examples=300)
quick = settings(deadline=None, max_examples=60)


@thorough
@given(shop=shops())
def test_the_text_says_what_the_slow_definition_says(database, shop):
    touches, sales = shop
    fill(database, touches, sales)
    assert same(computed(database), steps_of(touches, sales, RULES))


@thorough
@given(shop=shops(), wanted=st.sets(st.integers(1, 3)))
def test_asking_for_some_customers_gives_their_rows_of_the_whole(database, shop, wanted):
    touches, sales = shop
    fill(database, touches, sales, wanted)
    theirs = {sale.order_id for sale in sales if sale.customer_id in wanted}
    assert same(computed(database), [s for s in steps_of(touches, sales, RULES) if s.order_id in theirs])


@quick
@given(shop=shops())
def test_a_touch_is_credited_at_most_once(database, shop):
    fill(database, *shop)
    credited = [step.touch_id for step in computed(database)]
    assert len(credited) == len(set(credited))


@quick
@given(shop=shops())
def test_the_shares_of_an_order_make_one_in_every_model(database, shop):
    fill(database, *shop)
    by_order: dict[int, list[tuple[float, ...]]] = {}
    for step in computed(database):
        by_order.setdefault(step.order_id, []).append(step.shares)
    for rows in by_order.values():
        assert [sum(column) for column in zip(*rows, strict=True)] == pytest.approx([1.0] * len(MODELS))


@quick
@given(shop=shops())
def test_whole_weights_are_the_shares_of_the_text(database, shop):
    fill(database, *shop)
    by_order: dict[int, list[Step]] = {}
    for step in computed(database):
        by_order.setdefault(step.order_id, []).append(step)
    for steps in by_order.values():
        for place, model in enumerate(MODELS):
            weights = shares(model, [step.age_us for step in steps], RULES)
            exact = [weight / sum(weights) for weight in weights]
            assert [step.shares[place] for step in steps] == pytest.approx(exact, abs=1e-11)


@quick
@given(shop=shops())
def test_kept_rows_sum_to_each_orders_value_in_every_model(database, shop):
    touches, sales = shop
    fill(database, touches, sales)
    totals: dict[int, list[int]] = {}
    for credit in credits_of(database.execute(definition()), RULES):
        sums = totals.setdefault(credit.order_id, [0] * len(MODELS))
        totals[credit.order_id] = [a + b for a, b in zip(sums, credit.minor, strict=True)]
        assert credit.by("linear") == credit.minor[MODELS.index("linear")]
    value = {sale.order_id: sale.value_minor for sale in sales}
    assert totals == {order_id: [value[order_id]] * len(MODELS) for order_id in totals}


def test_rows_may_come_in_any_order_but_none_may_be_missing():
    rows = [(7, 12, 301, 2, 3, 4), (8, 14, 50, 1, 1, 0), (7, 13, 301, 3, 3, 1), (7, 11, 301, 1, 3, 9)]
    found = [(c.order_id, c.touch_id, c.by("linear")) for c in credits_of(rows, RULES)]
    assert found == [(8, 14, 50), (7, 11, 101), (7, 12, 100), (7, 13, 100)]
    with pytest.raises(ValueError, match="missing of 1 orders"):
        list(credits_of(rows[:-1], RULES))


def credited(database: Database, touches: list[Touch], sales: list[Sale]) -> dict[int, int]:
    """The order of each credited touch."""
    fill(database, touches, sales)
    return {step.touch_id: step.order_id for step in computed(database)}


def test_a_touch_exactly_as_old_as_the_lookback_is_too_old(database):
    touches = [Touch(1, 1, 88), Touch(2, 1, 89), Touch(3, 1, 100), Touch(4, 1, 101)]
    assert credited(database, touches, [Sale(7, 1, 100)]) == {2: 7, 3: 7}


def test_a_touch_at_the_instant_of_an_order_belongs_to_it_and_not_to_the_next(database):
    assert credited(database, [Touch(1, 1, 100)], [Sale(7, 1, 100), Sale(8, 1, 105)]) == {1: 7}


def test_a_cancelled_order_gives_its_touches_to_the_next_one(database):
    touches, first, second = [Touch(1, 1, 99), Touch(2, 1, 102)], Sale(7, 1, 100), Sale(8, 1, 105)
    assert credited(database, touches, [first, second]) == {1: 7, 2: 8}
    assert credited(database, touches, [second]) == {1: 8, 2: 8}


def test_of_two_orders_at_one_instant_the_first_by_id_takes_the_touches(database):
    assert credited(database, [Touch(1, 1, 99)], [Sale(8, 1, 100), Sale(7, 1, 100)]) == {1: 7}


def test_a_touch_of_nobody_known_is_never_credited(database):
    assert credited(database, [Touch(1, None, 99)], [Sale(7, 1, 100)]) == {}


def test_a_code_used_at_the_till_is_credited_although_nobody_knows_the_customer(database):
    sales = [Sale(7, 7, 100), Sale(8, 1, 100)]  # order 7 has no customer: it stands for itself
    assert credited(database, [Touch(1, None, 103, order_id=7), Touch(2, 1, 99)], sales) == {1: 7, 2: 8}


def test_the_text_reads_a_shops_own_tables_with_text_ids(database):
    ids = [UUID(int=number).hex for number in range(9)]
    for name, columns in {
        "shop_meeting": "id char(32), buyer char(32), at bigint, is_bot boolean",
        "shop_order": "id char(32), buyer char(32), at bigint, total bigint, is_cancelled boolean",
    }.items():
        database.execute(f"DROP TABLE IF EXISTS {name}")
        database.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    database.fill(
        "shop_meeting", [(ids[1], ids[8], 95, False), (ids[2], ids[8], 96, True), (ids[3], ids[8], 99, False)]
    )
    database.fill("shop_order", [(ids[4], ids[8], 98, 500, True), (ids[5], ids[8], 100, 700, False)])
    sources = Sources(
        touch="SELECT id AS touch_id, buyer AS customer_id, at AS ts_us FROM shop_meeting WHERE NOT is_bot",
        named_touch="SELECT id AS touch_id, id AS order_id, at AS ts_us FROM shop_meeting WHERE 1 = 0",
        sale="SELECT id AS order_id, buyer AS customer_id, at AS ts_us, total AS value_minor"
        " FROM shop_order WHERE NOT is_cancelled",
        wanted_customer="SELECT buyer AS customer_id FROM shop_order",
    )
    steps = computed(database, definition_over(sources, RULES))
    assert [(step.touch_id, step.order_id, step.rank, step.n, step.value_minor) for step in steps] == [
        (ids[1], ids[5], 1, 2, 700),
        (ids[3], ids[5], 2, 2, 700),
    ]


def test_the_text_has_nothing_that_a_driver_takes_for_a_placeholder():
    assert not set("%?:{}") & set(definition().partition("WITH")[2])
    assert "%" not in definition()


def test_the_columns_are_those_that_are_promised():
    connection = sqlite3.connect(":memory:")
    for statement in f"{TABLES}{RULES.as_select()}".split(";\n"):
        connection.execute(statement)
    assert tuple(column[0] for column in connection.execute(definition()).description) == COLUMNS
    connection.close()


def test_touches_are_looked_up_by_customer_and_time_and_never_scanned():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE meeting (id, buyer, at, is_bot, order_id)")
    connection.execute("CREATE INDEX by_buyer ON meeting (buyer, at)")
    connection.execute("CREATE INDEX by_order ON meeting (order_id)")
    connection.execute("CREATE TABLE purchase (id, buyer, at, total)")
    sources = Sources(
        touch="SELECT id AS touch_id, buyer AS customer_id, at AS ts_us FROM meeting"
        " WHERE order_id IS NULL AND NOT is_bot",
        named_touch="SELECT id AS touch_id, order_id, at AS ts_us FROM meeting WHERE order_id IS NOT NULL",
        sale="SELECT id AS order_id, coalesce(buyer, id) AS customer_id, at AS ts_us, total AS value_minor"
        " FROM purchase",
        wanted_customer="SELECT coalesce(buyer, id) AS customer_id FROM purchase",
    )
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {definition_over(sources)}")]
    connection.close()
    reads = [step for step in plan if "meeting" in step]
    assert [step.partition(" USING ")[2] for step in reads] == [
        "INDEX by_buyer (buyer=? AND at>? AND at<?)",
        "INDEX by_order (order_id=?)",
    ]


def test_a_database_without_mathematics_is_given_what_the_text_needs():
    connection = sqlite3.connect(":memory:")
    connection.create_function("exp", 1, None)
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("SELECT exp(0)")
    ensure_exp(connection)
    assert connection.execute("SELECT exp(0)").fetchone() == (1.0,)
    connection.close()
