"""Pay for what is won, as SQL: plans and who is under them, shared deals, spiffs, cancellations.

Does not belong here: what a deal pays (`dbt_project`).
"""

from __future__ import annotations

# Each role has a plan, and a new one when the last year begins: it pays account executives more beyond their quota, and
# caps the pay of account managers, whose highest rate counts for all that they renewed. Development reps and managers
# are paid for their part in the deals of others and for what falls to them.
PLANS = """
CREATE TABLE plan AS
SELECT
    'plan-' || role || '-' || year(last_year) + generation AS plan_id,
    name || ' ' || year(last_year) + generation AS name,
    pay_period, method, cap_amount::DECIMAL(12, 2) AS cap_amount, clawback_days, role, starts, rates,
    IF(generation = 0, last_year, DATE '1900-01-01') AS first_day,
    IF(generation = 0, DATE '9999-12-30', last_year - 1) AS last_day,
    least(last_year + to_years(generation) - INTERVAL 21 DAY, getvariable('until')) AS updated_at
FROM (VALUES
    ('ae', -1, 'New Business', 'quarter', 'marginal', NULL, 90, [0.0, 0.7, 1.0], [0.05, 0.08, 0.10]),
    ('ae', 0, 'New Business', 'quarter', 'marginal', NULL, 90, [0.0, 0.7, 1.0, 1.3], [0.05, 0.08, 0.11, 0.14]),
    ('am', -1, 'Account Management', 'month', 'top_rate', NULL, 60, [0.0, 0.9, 1.1], [0.02, 0.03, 0.04]),
    ('am', 0, 'Account Management', 'month', 'top_rate', 6000, 60, [0.0, 0.9, 1.1], [0.02, 0.03, 0.045]),
    ('sdr', -1, 'Sales Development', 'month', 'marginal', NULL, NULL, [0.0], [0.02]),
    ('sdr', 0, 'Sales Development', 'month', 'marginal', NULL, NULL, [0.0], [0.025]),
    ('manager', -1, 'Sales Management', 'year', 'marginal', NULL, 90, [0.0], [0.01]),
    ('manager', 0, 'Sales Management', 'year', 'marginal', NULL, 90, [0.0], [0.01])
) AS plans(role, generation, name, pay_period, method, cap_amount, clawback_days, starts, rates)
CROSS JOIN (SELECT date_trunc('year', getvariable('until'))::DATE AS last_year)
"""

COMP_PLANS = """
SELECT
    plan_id, name, pay_period, method, cap_amount, clawback_days,
    IF(cap_amount IS NULL, NULL, 'USD') AS currency, updated_at, false AS is_deleted
FROM plan
ORDER BY plan_id
"""

COMP_TIERS = """
SELECT
    plan_id, unnest(range(1, len(starts) + 1)) AS tier, unnest(starts) AS from_attainment, unnest(rates) AS rate,
    updated_at, false AS is_deleted
FROM plan
ORDER BY plan_id, tier
"""

COMP_ASSIGNMENTS = """
WITH span AS (
    SELECT user_id, role, min(valid_from) AS valid_from, max(valid_to) AS valid_to FROM standing GROUP BY ALL
)
SELECT
    user_id, greatest(valid_from, first_day) AS valid_from, plan_id,
    nullif(least(valid_to, last_day), DATE '9999-12-30') AS valid_to,
    greatest(updated_at, least(greatest(span.valid_from, first_day) - 14 + TIME '09:00:00', getvariable('until')))
        AS updated_at,
    false AS is_deleted
FROM span JOIN plan USING (role)
WHERE span.valid_from <= last_day AND valid_to >= first_day
ORDER BY user_id, valid_from
"""

SPIFFS = """
SELECT
    'spiff-' || year || '-' || number AS spiff_id, name || ' ' || year AS name, product, type,
    amount::DECIMAL(12, 2) AS amount, 'USD' AS currency, make_date(year, first_month, 1) AS valid_from,
    last_day(make_date(year, last_month, 1)) AS valid_to,
    make_date(year, first_month, 1) - 10 + TIME '09:00:00' AS updated_at, false AS is_deleted
FROM (SELECT unnest(range(year(getvariable('first_day')), year(getvariable('until')) + 1)) AS year)
CROSS JOIN (VALUES
    (1, 'Suite spring', 'Suite', NULL, 300, 3, 5),
    (2, 'August is no holiday', NULL, 'New Business', 200, 8, 8),
    (3, 'Expand before the year ends', NULL, 'Expansion', 250, 11, 12)
) AS spiffs(number, name, product, type, amount, first_month, last_month)
WHERE make_date(year, first_month, 1) - 10 + TIME '09:00:00' <= getvariable('until')
ORDER BY spiff_id
"""

# One deal in fifteen is shared with a colleague, some of these also with the manager.
OPPORTUNITY_SPLITS = """
WITH shared AS (
    SELECT
        opportunity_id, updated_at,
        IF(draw(deal, 'shared by three') < 0.2 AND manager_id <> owner_id,
            [owner_id, colleague, manager_id], [owner_id, colleague]) AS users,
        IF(len(users) = 3, pick([[0.6, 0.3, 0.1], [0.5, 0.3, 0.2]], deal, 'shares'),
           pick([[0.5, 0.5], [0.7, 0.3], [0.8, 0.2]], deal, 'shares')) AS shares
    FROM opportunities
    JOIN deal ON deal.deal = substr(opportunity_id, 5)::BIGINT
    WHERE colleague <> owner_id AND NOT is_deleted AND draw(deal, 'shared') < 0.07
)
SELECT
    opportunity_id, unnest(users) AS user_id, unnest(shares)::DECIMAL(3, 2) AS share, updated_at, false AS is_deleted
FROM shared
"""

# One won deal in thirty is cancelled, in whole or in part, most of them in the weeks after the signature.
CANCELLED = """
CREATE OR REPLACE TEMP TABLE cancellation AS
SELECT
    opportunity_id, account_id, currency, hash(opportunity_id) AS number,
    IF(draw(number, 'cancelled late') < 0.8, close_date + 4 + below(55, number, 'cancelled after')::INTEGER,
       close_date + 95 + below(150, number, 'cancelled after')::INTEGER) AS cancelled_on,
    IF(draw(number, 'cancelled in part') < 0.35,
       (amount * (0.2 + 0.5 * draw(number, 'part cancelled')))::DECIMAL(12, 2), NULL) AS part,
    coalesce(part, amount) AS amount
FROM opportunities JOIN pipeline_stages USING (pipeline, stage)
WHERE is_won AND NOT is_deleted AND draw(number, 'cancelled') < 0.033
    AND cancelled_on < getvariable('until')::DATE
"""

CANCELLATIONS = """
SELECT
    opportunity_id, cancelled_on, part AS amount, cancelled_on + TIME '16:00:00' AS updated_at, false AS is_deleted
FROM cancellation
"""
