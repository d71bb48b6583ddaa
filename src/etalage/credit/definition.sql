-- Which touches led to which sale, and how much of it each rule gives them. One row per (order, touch),
-- in any order.
--
-- Runs as it is on SQLite and PostgreSQL, and uses nothing that other engines lack: lag, row_number, sum and
-- count over, case, exp. It reads five tables (or views, or common table expressions put in front):
--
--   touch(touch_id, customer_id, ts_us)              meetings that name no order
--   named_touch(touch_id, order_id, ts_us)           meetings that name theirs: a code used at the till
--   sale(order_id, customer_id, ts_us, value_minor)  orders that count; a cancelled one is simply not there
--   wanted_customer(customer_id)                     whose orders to compute
--   params(lookback_us, decay_per_us, one, none, ends)  one row of typed constants: a bare 0.2 would be a
--                                                    decimal of few digits on one engine and slow on another
--
-- Times are whole microseconds of UTC. Ids are opaque; they are only compared, so they must sort alike wherever
-- the results are compared. A sale without a customer is given its own id as customer.
--
-- The rule: a touch belongs to the first sale of its customer at or after it, when it is younger than the
-- lookback: it lies in (max(previous sale, sale - lookback), sale]. So it is credited at most once. Sales at one
-- instant go by their id, touches at one instant by theirs.
WITH
bounded AS (
    SELECT
        s.order_id, s.customer_id, s.ts_us, s.value_minor,
        s.ts_us - p.lookback_us AS lookback_from_us,
        lag(s.ts_us) OVER (PARTITION BY s.customer_id ORDER BY s.ts_us, s.order_id) AS previous_us,
        row_number() OVER (ORDER BY s.customer_id, s.ts_us, s.order_id) AS sale_no
    FROM sale s CROSS JOIN params p
    WHERE s.customer_id IN (SELECT customer_id FROM wanted_customer)
),
opened AS (
    SELECT
        sale_no, order_id, customer_id, ts_us, value_minor, lookback_from_us,
        CASE WHEN previous_us > lookback_from_us THEN previous_us ELSE lookback_from_us END AS after_us
    FROM bounded
),
-- CROSS JOIN, because SQLite then keeps the few sales outside and looks the touches up by (customer_id, ts_us).
-- No window function here, because SQLite would not see through `touch` to its index.
led AS (
    SELECT o.sale_no, o.order_id, o.value_minor, t.touch_id, t.ts_us, o.ts_us - t.ts_us AS age_us
    FROM opened o CROSS JOIN touch t
    WHERE t.customer_id = o.customer_id AND t.ts_us > o.after_us AND t.ts_us <= o.ts_us
    UNION ALL
    SELECT
        o.sale_no, o.order_id, o.value_minor, t.touch_id, t.ts_us,
        CASE
            WHEN t.ts_us > o.ts_us THEN 0
            WHEN t.ts_us < o.lookback_from_us THEN o.ts_us - o.lookback_from_us
            ELSE o.ts_us - t.ts_us
        END AS age_us
    FROM opened o CROSS JOIN named_touch t
    WHERE t.order_id = o.order_id
),
fresh AS (
    SELECT
        l.sale_no, l.order_id, l.value_minor, l.touch_id, l.ts_us, l.age_us,
        exp(-(l.age_us * p.decay_per_us)) AS freshness
    FROM led l CROSS JOIN params p
),
-- One window for all three, over whole numbers, so that the rows are sorted once.
ranked AS (
    SELECT
        order_id, touch_id, value_minor, age_us, freshness,
        row_number() OVER journey AS rank, count(*) OVER journey AS n, sum(freshness) OVER journey AS all_freshness
    FROM fresh
    WINDOW journey AS (
        PARTITION BY sale_no ORDER BY ts_us, touch_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)
SELECT
    r.order_id, r.touch_id, r.value_minor, r.rank, r.n, r.age_us,
    CASE WHEN r.rank = 1 THEN p.one ELSE p.none END AS first_share,
    CASE WHEN r.rank = r.n THEN p.one ELSE p.none END AS last_share,
    p.one / r.n AS linear_share,
    CASE
        WHEN r.n <= 2 THEN p.one / r.n
        WHEN r.rank = 1 OR r.rank = r.n THEN p.ends
        ELSE (p.one - p.ends - p.ends) / (r.n - 2)
    END AS position_share,
    r.freshness / r.all_freshness AS decay_share
FROM ranked r CROSS JOIN params p
