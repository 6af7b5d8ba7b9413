"""Quotas and exchange rates, as SQL.

Does not belong here: what the reps achieve (`deals`).
"""

from __future__ import annotations

# Account executives have quarterly quotas, account managers monthly ones, in euros in the DACH territory. The
# next period has one already; the first quarter, before anything could be won, has none. A quota stands on
# what is expected of the rep's deals in the period and of their usual period, is stretched by 6 %, and is
# eased in the first 90 days. Development reps count qualified leads.
QUOTAS = """
WITH unit AS (
    SELECT * FROM (VALUES ('ae', 3), ('am', 1), ('sdr', 3)) AS units(role, months)
),
period AS (
    SELECT
        role, months, first::DATE AS period_start,
        (first + to_months(months) - INTERVAL 1 DAY)::DATE AS period_end
    FROM unit
    JOIN generate_series(
        date_trunc('month', getvariable('first_day') + INTERVAL 3 MONTH),
        date_trunc('month', getvariable('until') + INTERVAL 3 MONTH),
        INTERVAL 1 MONTH
    ) AS months(first)
        ON (month(first) - 1) % months = 0 AND first <= getvariable('until') + to_months(months)
),
employed AS (
    SELECT person.user_id, person.role, person.territory, person.hired_on, period.* EXCLUDE (role)
    FROM person
    JOIN period ON period.role = person.role
        AND person.hired_on <= period_end AND coalesce(person.left_on, DATE '9999-12-31') >= period_start
),
expected AS (
    SELECT employed.*, sum(booking.amount) AS amount
    FROM employed
    LEFT JOIN expected_booking AS booking
        ON booking.user_id = employed.user_id AND booking.month BETWEEN period_start AND period_end
    GROUP BY ALL
),
levelled AS (
    SELECT
        *, avg(amount::DOUBLE) OVER (PARTITION BY user_id) AS own_level,
        avg(amount::DOUBLE) OVER (PARTITION BY role) AS role_level
    FROM expected
),
stretched AS (
    SELECT
        *,
        coalesce(own_level, role_level, 10000) AS level,
        1.06 * (0.6 * coalesce(amount::DOUBLE, level) + 0.4 * level)
        * IF(period_start < hired_on + 90 AND hired_on > getvariable('first_day'), 0.6, 1.0) AS target
    FROM levelled
)
SELECT
    'quota-' || user_id || '-' || period_start AS quota_id,
    user_id,
    IF(role = 'sdr', 'qualified_leads', NULL) AS metric,
    period_start,
    period_end,
    CASE
        WHEN role = 'sdr' THEN 20 + 5 * below(4, hash(user_id), 'lead quota')
        ELSE 500 * greatest(1, round(target / IF(territory = 'DACH', 1.09, 1) / 500))
    END::DECIMAL(12, 2) AS amount,
    CASE WHEN role = 'sdr' THEN NULL WHEN territory = 'DACH' THEN 'EUR' ELSE 'USD' END AS currency,
    least(period_start, getvariable('until')::DATE) - 14 + TIME '09:00:00' AS updated_at,
    false AS is_deleted
FROM stretched
ORDER BY user_id, period_start
"""

# Euros weekly, pounds monthly, from before the first deal; units of US dollars.
EXCHANGE_RATES = """
SELECT rate_date::DATE AS rate_date, 'EUR' AS currency,
    (1.09 + 0.035 * sin(epoch(rate_date) / 86400 / 83)
     + 0.004 * normal(epoch(rate_date)::BIGINT, 'EUR'))::DECIMAL(8, 5) AS rate
FROM generate_series(date_trunc('week', getvariable('first_day') - 35), getvariable('until'), INTERVAL 7 DAY)
    AS days(rate_date)
UNION ALL
SELECT rate_date::DATE, 'GBP',
    (1.27 + 0.04 * sin(epoch(rate_date) / 86400 / 97)
     + 0.006 * normal(epoch(rate_date)::BIGINT, 'GBP'))::DECIMAL(8, 5)
FROM generate_series(
    date_trunc('month', getvariable('first_day') - 35), getvariable('until'), INTERVAL 1 MONTH
) AS days(rate_date)
"""
