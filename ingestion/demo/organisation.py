"""The organisation over time, as SQL: where people stood, the tree of territories, holidays.

Does not belong here: who the people are (`company`).
"""

from __future__ import annotations

# Where everybody stood, one row per change. Three things changed:
#   - some account executives were development reps until the first quotas came, and had earned the seat by then;
#   - the last team of New Business belonged to Account Management until the last year began;
#   - some managers left, and one of the team followed them (`succession`).
# Records of who has left are kept up too; no day of theirs is in such a row (`valid_to` is before `valid_from`).
STANDING = """
CREATE TABLE standing AS
WITH turning AS (
    SELECT
        date_trunc('quarter', date_trunc('month', getvariable('first_day') + INTERVAL 3 MONTH) + INTERVAL 2 MONTH)::DATE
            AS first_quotas,
        date_trunc('year', getvariable('until'))::DATE AS last_year,
        (SELECT max_by(team, seat_id) FROM seat WHERE role = 'ae') AS moved_team
),
fated AS (
    SELECT
        person.*, own.succeeded_on AS led_from, own.former_id,
        IF(seat.seat_id = 1 OR seat.fate = 'stable' AND draw(seat.seat_id, 'promoted') < 0.15, first_quotas, NULL)
            AS promoted_on,
        IF(person.role = 'ae' AND person.team = moved_team, last_year, NULL) AS moved_on
    FROM person
    LEFT JOIN succession AS own ON own.manager_id = person.user_id
    LEFT JOIN seat ON seat.first_rep = person.user_id AND seat.role = 'ae'
    CROSS JOIN turning
),
turn AS (
    SELECT user_id, unnest([hired_on, promoted_on, moved_on, led_from]) AS valid_from FROM fated
    UNION
    SELECT user_id, succeeded_on FROM fated CROSS JOIN succession
    WHERE succession.manager_id = fated.manager_id
        OR (succession.manager_id = 'mgr-sdr-001' AND promoted_on IS NOT NULL)
        OR (succession.manager_id = 'mgr-am-001' AND moved_on IS NOT NULL)
),
placed AS (
    SELECT
        user_id, valid_from, left_on, territory,
        CASE
            WHEN valid_from < promoted_on THEN 'sdr'
            WHEN valid_from < led_from THEN split_part(user_id, '-', 2)
            ELSE role
        END AS role,
        CASE
            WHEN valid_from < promoted_on THEN 'mgr-sdr-001'
            WHEN valid_from < moved_on THEN 'mgr-am-001'
            WHEN valid_from < led_from THEN former_id
            ELSE manager_id
        END AS manager_id,
        CASE
            WHEN valid_from < promoted_on THEN 'Sales Development 1'
            WHEN valid_from < moved_on THEN 'Account Management 1'
            ELSE team
        END AS team
    FROM fated JOIN turn USING (user_id)
    WHERE valid_from BETWEEN hired_on AND getvariable('until')::DATE
),
led AS (
    SELECT placed.* REPLACE (IF(valid_from < succeeded_on, succession.former_id, placed.manager_id) AS manager_id)
    FROM placed LEFT JOIN succession USING (manager_id)
),
changed AS (
    FROM led
    QUALIFY (role, manager_id, team) IS DISTINCT FROM
        lag((role, manager_id, team)) OVER (PARTITION BY user_id ORDER BY valid_from)
)
SELECT
    user_id, valid_from, role, manager_id, team, territory,
    least(lead(valid_from, 1, DATE '9999-12-31') OVER (PARTITION BY user_id ORDER BY valid_from) - 1, left_on)
        AS valid_to
FROM changed
ORDER BY user_id, valid_from
"""

USER_HISTORY = """
SELECT
    user_id, valid_from, role, manager_id, team, territory,
    least(valid_from + TIME '05:00:00', getvariable('until')) AS updated_at, false AS is_deleted
FROM standing
ORDER BY user_id, valid_from
"""

TERRITORIES = """
SELECT *, getvariable('first_day') - 1000 + TIME '09:00:00' AS updated_at, false AS is_deleted
FROM (VALUES
    ('Global', 'Everywhere', NULL, NULL),
    ('Americas', 'The Americas', 'Global', 'AMER'),
    ('EMEA', 'Europe, Middle East and Africa', 'Global', 'EMEA'),
    ('APAC', 'Asia-Pacific', 'Global', 'APAC'),
    ('United States', 'United States of America', 'Americas', 'AMER'),
    ('US East', 'US, Atlantic states', 'United States', 'AMER'),
    ('US Central', 'US, central states', 'United States', 'AMER'),
    ('DACH', 'Germany, Austria and Switzerland', 'EMEA', 'EMEA'),
    ('UK & Ireland', 'United Kingdom and Ireland', 'EMEA', 'EMEA'),
    ('Singapore', 'Singapore', 'APAC', 'APAC')
) AS territories(territory, name, parent, region)
"""

# The days off that all offices share, to the end of the year after `until`. Easter by the Gregorian computus: `golden`
# is the year's place in the cycle of the moon, `epact` the days from 21 March to the full moon of spring.
HOLIDAYS = """
WITH years AS (
    SELECT unnest(range(year(getvariable('first_day')), year(getvariable('until')) + 2)) AS year
),
moons AS (
    SELECT
        year, year % 19 AS golden, year // 100 AS century,
        (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30 AS epact,
        epact - (epact + golden // 11) // 29 AS full_moon
    FROM years
),
easters AS (
    SELECT
        year, make_date(year, 3, 21) + full_moon::INTEGER AS moon_on,
        moon_on + (7 - isodow(moon_on) % 7)::INTEGER AS easter_on
    FROM moons
),
days AS (
    SELECT year, unnest([
        {'holiday_on': make_date(year, 1, 1), 'name': 'New Year''s Day'},
        {'holiday_on': easter_on - 2, 'name': 'Good Friday'},
        {'holiday_on': easter_on + 1, 'name': 'Easter Monday'},
        {'holiday_on': make_date(year, 5, 1), 'name': 'Labour Day'},
        {'holiday_on': make_date(year, 12, 24), 'name': 'Christmas Eve'},
        {'holiday_on': make_date(year, 12, 25), 'name': 'Christmas Day'},
        {'holiday_on': make_date(year, 12, 26), 'name': 'Boxing Day'},
        {'holiday_on': make_date(year, 12, 31), 'name': 'New Year''s Eve'}
    ], recursive := true)
    FROM easters
)
SELECT
    holiday_on, name,
    least(make_timestamp(year - 1, 11, 1, 9, 0, 0), getvariable('until')) AS updated_at, false AS is_deleted
FROM days
ORDER BY holiday_on
"""
