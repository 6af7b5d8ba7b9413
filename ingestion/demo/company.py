"""The company itself, as SQL: pipelines and stages, seats and the people in them, working days, accounts.

Does not belong here: deals and what happens around them (`deals`, `activity`).
"""

from __future__ import annotations

# `advance` is the average chance of each open stage to move on, `stay` the days it takes. The last two
# stages are won and lost.
PIPELINES = """
CREATE TABLE pipeline_plan AS
SELECT * FROM (VALUES
    ('new_business', 'ae',
     ['Prospecting', 'Discovery', 'Evaluation', 'Proposal', 'Negotiation', 'Closed Won', 'Closed Lost'],
     ['Pipeline', 'Pipeline', 'Pipeline', 'Best Case', 'Commit', 'Closed', 'Omitted'],
     [0.05, 0.15, 0.30, 0.50, 0.75, 1.00, 0.00],
     [0.74, 0.70, 0.72, 0.72, 0.80],
     [5.0, 8.0, 13.0, 10.0, 9.0], 4),
    ('renewals', 'am',
     ['Upcoming', 'Engaged', 'Quote Sent', 'Renewed', 'Churned'],
     ['Pipeline', 'Best Case', 'Commit', 'Closed', 'Omitted'],
     [0.70, 0.80, 0.90, 1.00, 0.00],
     [0.95, 0.94, 0.93],
     [22.0, 16.0, 12.0], 3)
) AS plan(pipeline, role, stages, forecasts, probabilities, advance, stay, pricing_stage);

CREATE VIEW pipeline_stages AS
SELECT
    pipeline,
    unnest(stages) AS stage,
    unnest(range(1, len(stages) + 1)) AS position,
    unnest(range(1, len(stages) + 1)) > len(advance) AS is_closed,
    unnest(range(1, len(stages) + 1)) = len(advance) + 1 AS is_won,
    unnest(probabilities)::DECIMAL(3, 2) AS probability,
    unnest(forecasts) AS forecast_category
FROM pipeline_plan;
"""

# A lot is 1/65536 of the two years' business: to draw a day is to draw a lot. New business grows, dips in
# summer and at the end of the year, and starts on a Tuesday rather than on a Friday.
CALENDAR = """
CREATE TABLE day_lot AS
WITH days AS (
    SELECT
        day::DATE AS day,
        [1.10, 1.05, 1.00, 1.05, 1.05, 1.00, 0.85, 0.65, 1.10, 1.10, 1.00, 0.80][month(day)]
        * [1.00, 1.15, 1.10, 1.00, 0.75][isodow(day)]
        * (1 + 0.35 * (day::DATE - getvariable('first_day')) / getvariable('window_days'))
        * IF(strftime(day, '%m-%d') IN ('12-24', '12-25', '12-26', '12-31', '01-01'), 0.1, 1.0) AS weight
    FROM generate_series(getvariable('first_day')::TIMESTAMP, getvariable('until'), INTERVAL 1 DAY)
        AS days(day)
    WHERE isodow(day) <= 5
),
shares AS (
    SELECT
        day, sum(weight) OVER (ORDER BY day) / sum(weight) OVER () AS high,
        weight / sum(weight) OVER () AS width
    FROM days
)
SELECT
    unnest(range(round(65536 * (high - width))::BIGINT, round(65536 * high)::BIGINT)) AS lot,
    working_day(day) AS day_number
FROM shares;
"""

# A seat is a book of business: a territory with, in turn, up to three owners.
#   stable    one rep all the time;
#   handover  the rep leaves, the manager takes over, and mostly a new rep is hired for it;
#   opened    a stable colleague works it until a new rep is hired for it.
# `owner_2` takes over at `change_1`, `owner_3` at `change_2` (working time; null: never).
SEATS = """
CREATE TABLE seat AS
WITH numbered AS (
    SELECT role, line, number, row_number() OVER (ORDER BY role, number) AS seat_id
    FROM (
        SELECT role, line, unnest(range(seats)) AS number
        FROM (VALUES
            ('ae', 'New Business', getvariable('ae_seats')),
            ('am', 'Account Management', getvariable('am_seats')),
            ('sdr', 'Sales Development', getvariable('sdr_seats'))
        ) AS sizes(role, line, seats)
    )
),
fated AS (
    SELECT
        *,
        CASE
            WHEN number = 0 THEN 'stable'
            WHEN number = 1 THEN 'handover'
            WHEN draw(seat_id, 'fate') < 0.20 THEN 'opened'
            WHEN draw(seat_id, 'fate') < 0.42 THEN 'handover'
            ELSE 'stable'
        END AS fate,
        'rep-' || lpad(seat_id::VARCHAR, 4, '0') AS stem,
        'mgr-' || role || '-' || lpad((number // 7 + 1)::VARCHAR, 3, '0') AS manager_id,
        day_of(working_day(
            getvariable('first_day') + 90 + below(getvariable('window_days') - 150, seat_id, 'turn')::INTEGER
        )) AS turned_on
    FROM numbered
),
staffed AS (
    SELECT
        *,
        IF(fate = 'opened', turned_on, getvariable('first_day') - 40 - below(1400, seat_id, 'hired')::INTEGER)
            AS hired_on,
        IF(fate = 'handover', turned_on, NULL) AS left_on,
        IF(fate = 'handover', day_of(working_day(turned_on) + 5 + below(35, seat_id, 'vacancy')), NULL)
            AS replaced_on,
        list_sort(list(stem || '-1') FILTER (fate = 'stable') OVER (PARTITION BY role)) AS colleagues
    FROM fated
)
SELECT
    seat_id, role, fate, manager_id,
    line || ' ' || (number // 7 + 1) AS team,
    ['US East', 'US East', 'US Central', 'DACH', 'UK & Ireland', 'Singapore'][1 + number % 6] AS territory,
    [-5, -5, -6, 1, 0, 8][1 + number % 6] AS utc_offset,
    5 + below(7, seat_id, 'activity') AS activity,
    pick(colleagues, seat_id, 'colleague') AS colleague,
    stem || '-1' AS first_rep,
    hired_on, left_on,
    IF(replaced_on < getvariable('until')::DATE, stem || '-2', NULL) AS second_rep,
    replaced_on,
    IF(fate = 'opened', colleague, first_rep) AS owner_1,
    CASE fate
        WHEN 'handover' THEN at_work(working_day(left_on) + 0.999999)
        WHEN 'opened' THEN working_day(hired_on)::DOUBLE
    END AS change_1,
    CASE fate WHEN 'handover' THEN manager_id WHEN 'opened' THEN first_rep END AS owner_2,
    IF(second_rep IS NULL, NULL, working_day(replaced_on)::DOUBLE) AS change_2,
    second_rep AS owner_3
FROM staffed
ORDER BY seat_id;

-- A seat's lots among the 65536 of its role are its share of the role's business.
CREATE TABLE seat_lot AS
WITH shares AS (
    SELECT
        role, seat_id, activity,
        (sum(activity) OVER (PARTITION BY role ORDER BY seat_id))::BIGINT AS high,
        (sum(activity) OVER (PARTITION BY role))::BIGINT AS total
    FROM seat
)
SELECT role, seat_id, unnest(range(65536 * (high - activity) // total, 65536 * high // total)) AS lot
FROM shares;
"""

# Who led a team until they left; their successor, a manager by now, was one of the team.
PEOPLE = """
CREATE TABLE succession AS
SELECT DISTINCT
    manager_id, manager_id || '-former' AS former_id, team,
    day_of(working_day(
        getvariable('first_day') + 200 + below(300, hash(manager_id), 'succeeded')::INTEGER
    )) AS succeeded_on
FROM seat
WHERE manager_id = 'mgr-am-001' OR draw(hash(manager_id), 'replaced') < 0.08;

CREATE TABLE person AS
SELECT first_rep AS user_id, role, manager_id, team, territory, hired_on, left_on FROM seat
UNION ALL
SELECT second_rep, role, manager_id, team, territory, replaced_on, NULL FROM seat WHERE second_rep IS NOT NULL
UNION ALL
SELECT DISTINCT manager_id, 'manager', 'vp-sales', team, 'Global', getvariable('first_day') - 1500, NULL
FROM seat
UNION ALL
SELECT former_id, 'manager', 'vp-sales', team, 'Global', getvariable('first_day') - 1900, succeeded_on - 1
FROM succession
UNION ALL
SELECT 'vp-sales', 'vp', NULL, 'Leadership', 'Global', getvariable('first_day') - 2500, NULL
UNION ALL
SELECT 'sales-ops', 'operations', 'vp-sales', 'Leadership', 'Global', getvariable('first_day') - 900, NULL;

CREATE VIEW users AS
WITH named AS (
    SELECT
        *,
        pick([
            'Ada', 'Amir', 'Bea', 'Chidi', 'Clara', 'Dario', 'Edda', 'Emil', 'Farah', 'Femi', 'Greta',
            'Hana', 'Hugo', 'Ines', 'Ivo', 'Jana', 'Jonas', 'Kaito', 'Kira', 'Lars', 'Lea', 'Luca', 'Maya',
            'Milan', 'Nadia', 'Noor', 'Olga', 'Omar', 'Pia', 'Priya', 'Rafa', 'Rosa', 'Sami', 'Selma',
            'Tariq', 'Tove', 'Uma', 'Viktor', 'Wanda', 'Yara'
        ], hash(user_id), 'first name') AS first_name,
        pick([
            'Abel', 'Berg', 'Castell', 'Dahl', 'Eklund', 'Farrow', 'Grove', 'Hale', 'Ibarra', 'Jansen',
            'Keller', 'Lindt', 'Marsh', 'Novak', 'Okoye', 'Pereira', 'Quist', 'Ramos', 'Sato', 'Thorne',
            'Ueda', 'Vance', 'Weiss', 'Yilmaz', 'Zeller'
        ], hash(user_id), 'last name') AS last_name
    FROM person
)
SELECT
    user_id,
    first_name || ' ' || last_name || ' (demo)' AS full_name,
    lower(first_name || '.' || last_name || '.' || user_id) || '@example.com' AS email,
    role, manager_id, team, territory, hired_on, left_on,
    coalesce(left_on, hired_on) + TIME '06:00:00' AS updated_at,
    left_on IS NOT NULL AND draw(hash(user_id), 'account removed') < 0.1 AS is_deleted
FROM named
ORDER BY user_id;

-- How each seller works: the chance to move a deal on from each stage, and the pace (more is slower).
CREATE TABLE funnel AS
SELECT
    person.user_id, plan.pipeline,
    list_transform(plan.advance, lambda chance, stage: greatest(0.25, least(0.98, chance + (1 - chance) * (
        0.26 * greatest(-2, least(2, normal(hash(person.user_id), 'skill')))
        + 0.20 * greatest(-2, least(2, normal(hash(person.user_id || stage), 'skill in stage')))
    )))) AS advance,
    exp(0.25 * normal(hash(person.user_id), 'pace')) AS pace
FROM person
JOIN (SELECT DISTINCT role, manager_id FROM seat) AS line
    ON line.role = person.role OR line.manager_id = person.user_id
JOIN pipeline_plan AS plan ON plan.role = line.role
GROUP BY ALL;
"""

# Accounts come in the order of their numbers: two fifths were there before the two years began. A deal picks
# among those there on its day (`account_on`).
ACCOUNTS = """
CREATE MACRO account_on(work, id, salt) AS below(
    greatest(1, getvariable('accounts') * (0.4 + 0.6 * (day_of(work) - getvariable('first_day'))
                                                 / getvariable('window_days'))), id, salt
);
CREATE MACRO account_key(account) AS 'acc-' || lpad(account::VARCHAR, 7, '0');
CREATE MACRO account_name(account) AS
    pick([
        'Amber', 'Azure', 'Bright', 'Cedar', 'Copper', 'Coral', 'Crimson', 'Elm', 'Fern', 'Golden',
        'Granite', 'Hazel', 'Indigo', 'Ivory', 'Jade', 'Juniper', 'Lunar', 'Maple', 'Misty', 'Nimbus',
        'Ochre', 'Olive', 'Opal', 'Pearl', 'Quartz', 'Raven', 'Saffron', 'Silver', 'Slate', 'Violet'
    ], account, 'adjective')
    || ' '
    || pick([
        'Anchor', 'Beacon', 'Bridge', 'Canyon', 'Compass', 'Delta', 'Falcon', 'Field', 'Forge', 'Fountain',
        'Garden', 'Glacier', 'Harbour', 'Island', 'Lantern', 'Meadow', 'Mill', 'Orchard', 'Otter',
        'Prairie', 'Ridge', 'River', 'Shore', 'Summit', 'Thistle', 'Tower', 'Valley', 'Willow'
    ], account, 'noun')
    || ' ' || account || ' (demo)';
-- 1 small, 2 mid-market, 3 enterprise.
CREATE MACRO account_segment(account) AS
    CASE WHEN draw(account, 'segment') < 0.62 THEN 1 WHEN draw(account, 'segment') < 0.92 THEN 2 ELSE 3 END;

CREATE VIEW accounts AS
SELECT
    account_key(account) AS account_id,
    account_name(account) AS name,
    pick(['Software', 'Manufacturing', 'Retail', 'Healthcare', 'Logistics', 'Education', 'Energy', 'Media'],
         account, 'industry') AS industry,
    ['SMB', 'Mid-market', 'Enterprise'][account_segment(account)] AS segment,
    CASE seat.territory
        WHEN 'DACH' THEN pick(['Germany', 'Austria', 'Switzerland'], account, 'country')
        WHEN 'UK & Ireland' THEN pick(['United Kingdom', 'United Kingdom', 'Ireland'], account, 'country')
        WHEN 'Singapore' THEN 'Singapore'
        ELSE 'United States'
    END AS country,
    coalesce(seat.owner_3, seat.owner_2, seat.owner_1) AS owner_id,
    make_timestamp(epoch_us(getvariable('first_day')::TIMESTAMP) + 1000000 * floor(86400 * (
        getvariable('window_days') * (account / getvariable('accounts') - 0.4) / 0.6 - 2
    ))::BIGINT) AS created_at,
    created_at AS updated_at,
    draw(account, 'deleted') < 0.001 AS is_deleted
FROM range(getvariable('accounts')) AS numbers(account)
JOIN seat_lot ON seat_lot.role = 'ae' AND seat_lot.lot = below(65536, account, 'owner')
JOIN seat ON seat.seat_id = seat_lot.seat_id;
"""
