"""How people learn and are found, as SQL: coaching, courses, feedback, hiring.

Does not belong here: what coaching changes in the talks (`conversations`).
"""

from __future__ import annotations

# What calls are scored by. A course may train one of these, a session is about one.
CRITERIA = ("opening", "discovery", "listening", "closing")
# How long a session has an effect.
COACHED_DAYS = 60

# Reps are coached in some weeks of spring and autumn: about every second one, and rather those who listen badly. The
# others of the team are who they are compared with. Courses for all are in winter, so that neither hides the other.
SESSIONS = """
CREATE TABLE session AS
WITH season AS (
    SELECT make_date(year, month, day) AS first_day, days
    FROM (SELECT unnest(range(year(getvariable('first_day')), year(getvariable('until')) + 1)) AS year)
    CROSS JOIN (VALUES (4, 16, 70), (9, 1, 55)) AS seasons(month, day, days)
),
planned AS (
    SELECT
        person.user_id, person.hired_on, person.left_on, place.utc_offset,
        hash(person.user_id || season.first_day) AS number,
        working_day(season.first_day + below(season.days, number, 'coached on')::INTEGER) + draw(number, 'coached at')
            AS work,
        day_of(work) AS day,
        draw(number, 'coached') < 0.75 - 0.5 * trait(person.user_id, 'listening') AS is_coached
    FROM person
    JOIN (SELECT DISTINCT territory, utc_offset FROM seat) AS place USING (territory)
    CROSS JOIN season
)
SELECT
    planned.user_id, standing.manager_id, number, day, moment(work, utc_offset) AS held_at,
    pick(['listening', 'listening', 'listening', 'discovery', 'closing'], number, 'criterion') AS criterion
FROM planned
JOIN standing ON standing.user_id = planned.user_id AND day BETWEEN standing.valid_from AND standing.valid_to
WHERE is_coached AND day BETWEEN hired_on + 75 AND coalesce(left_on, getvariable('until')::DATE) - 1
    AND held_at <= getvariable('until')
ORDER BY user_id, day
"""

# The days of each rep's sessions on listening.
COACHED = "SELECT user_id, list(day) AS days FROM session WHERE criterion = 'listening' GROUP BY ALL"

COACHING_SESSIONS = """
SELECT
    'session-' || user_id || '-' || day AS session_id, user_id, manager_id AS coach_id, held_at,
    CASE
        WHEN criterion = 'listening' THEN 'call_review'
        ELSE pick(['role_play', 'one_on_one'], number, 'kind')
    END AS kind,
    criterion, held_at AS updated_at, false AS is_deleted
FROM session
ORDER BY session_id
"""

# Three courses for who is new, and one for most each January.
_COURSES = """
course AS (
    SELECT * FROM (VALUES
        ('course-welcome', 'Welcome, systems and data', 'Onboarding', NULL, true, NULL),
        ('course-product', 'What we sell and to whom', 'Onboarding', NULL, true, NULL),
        ('course-first-call', 'The first call', 'Onboarding', 'opening', true, NULL)
    ) AS courses(course_id, name, program, criterion, is_onboarding, year)
    UNION ALL
    SELECT 'course-' || criterion || '-' || year, name || ' ' || year, 'Winter school', criterion, false, year
    FROM (SELECT unnest(range(year(getvariable('first_day')), year(getvariable('until')) + 1)) AS year)
    JOIN (VALUES
        (0, 'discovery', 'Questions that customers like'), (1, 'closing', 'From proposal to signature')
    ) AS topics(parity, criterion, name) ON parity = year % 2
)"""

COURSES = f"""
WITH {_COURSES}
SELECT
    * EXCLUDE (year), getvariable('first_day') - 30 + TIME '09:00:00' AS updated_at, false AS is_deleted
FROM course
ORDER BY course_id
"""

# Who is new learns all of the onboarding within about two months. Three in four go to the winter school. One in seven
# assignments is not completed.
TRAINING_RECORDS = f"""
WITH {_COURSES},
assigned AS (
    SELECT
        person.user_id, course.course_id, person.left_on, course.is_onboarding,
        hash(person.user_id || course.course_id) AS number,
        IF(course.is_onboarding, person.hired_on,
           day_of(working_day(make_date(course.year, 1, 8)) + below(8, number, 'assigned'))) + TIME '09:00:00'
            AS assigned_at
    FROM person
    JOIN course ON course.is_onboarding
        OR (person.hired_on < make_date(course.year, 1, 1)
            AND coalesce(person.left_on, DATE '9999-12-31') > make_date(course.year, 2, 20))
    WHERE person.role IN ('ae', 'am', 'sdr') AND (course.is_onboarding OR draw(number, 'goes') < 0.75)
),
done AS (
    SELECT
        *,
        assigned_at + to_minutes(
            IF(is_onboarding, 4000 + below(70000, number, 'took'), 2000 + below(28000, number, 'took'))
        ) AS done_at
    FROM assigned
    WHERE assigned_at <= getvariable('until')
)
SELECT
    user_id, course_id, assigned_at, assigned_at::DATE + IF(is_onboarding, 45, 21) AS due_on,
    IF(draw(number, 'completes') < 0.86 AND done_at <= getvariable('until')
       AND done_at::DATE < coalesce(left_on, DATE '9999-12-31'), done_at, NULL) AS completed_at,
    IF(completed_at IS NULL, NULL, least(1, 0.6 + 0.45 * draw(number, 'result')))::DECIMAL(3, 2) AS score,
    coalesce(completed_at, assigned_at) AS updated_at, false AS is_deleted
FROM done
ORDER BY user_id, course_id
"""

# Each manager has a habit: how often they speak, how precisely, and whether they see what is good.
FEEDBACK = """
WITH occasion AS (
    SELECT
        user_id, hired_on, left_on, nth, hash(user_id, nth) AS number,
        day_of(working_day(getvariable('first_day') + (21 * nth + below(20, number, 'feedback on'))::INTEGER)) AS day
    FROM person CROSS JOIN range(getvariable('window_days') // 21) AS occasions(nth)
    WHERE role IN ('ae', 'am', 'sdr')
)
SELECT
    'feedback-' || occasion.user_id || '-' || lpad(nth::VARCHAR, 2, '0') AS feedback_id,
    occasion.user_id, manager_id, day + TIME '09:00:00' + to_minutes(below(420, number, 'feedback at')) AS given_at,
    IF(draw(number, 'kind') < 0.1, 'review',
       IF(draw(number, 'recognises') < 0.25 + 0.5 * trait(manager_id, 'sees good'), 'recognition', 'improvement'))
        AS kind,
    draw(number, 'specific') < 0.3 + 0.6 * trait(manager_id, 'precise') AS is_specific,
    draw(number, 'actionable') < 0.2 + 0.6 * trait(manager_id, 'precise') AS is_actionable,
    given_at AS updated_at, false AS is_deleted
FROM occasion
JOIN standing ON standing.user_id = occasion.user_id AND day BETWEEN standing.valid_from AND standing.valid_to
WHERE draw(number, 'given') < 0.2 + 0.55 * trait(manager_id, 'speaks') AND given_at <= getvariable('until')
ORDER BY feedback_id
"""

# Where a candidate comes from.
SOURCE = "pick(['Agency', 'Careers page', 'Careers page', 'Job board', 'Job board', 'Referral'], {id}, 'source')"

# Everybody who came within the two years was a candidate, and so were six to thirteen others for each such seat. Seats
# that wait for a successor have candidates on their way.
CANDIDATES = f"""
WITH opening AS (
    SELECT user_id, user_id AS opening_id, role, team, hired_on + TIME '08:00:00' AS begins_at, hash(user_id) AS opening
    FROM person WHERE role IN ('ae', 'am', 'sdr') AND hired_on >= getvariable('first_day')
    UNION ALL
    SELECT NULL, first_rep || '-next', role, team, NULL, hash(first_rep || '-next')
    FROM seat
    WHERE left_on <= getvariable('until')::DATE AND second_rep IS NULL
),
candidate AS (
    SELECT opening.*, nth, hash(opening, nth) AS number
    FROM opening CROSS JOIN range(14) AS candidates(nth)
    WHERE nth <= 6 + below(8, opening, 'candidates')
),
applied AS (
    SELECT
        *, nth = 0 AND user_id IS NOT NULL AS is_hired,
        {SOURCE.format(id="IF(is_hired, opening, number)")} AS source,
        coalesce(begins_at, getvariable('until')) - INTERVAL 28 DAY - to_minutes(below(50000, number, 'applied'))
            AS applied_at
    FROM candidate
),
-- How far a candidate comes: 0 to 3 for those rejected or withdrawn, 4 for those hired.
walked AS (
    SELECT
        *,
        CASE
            WHEN is_hired THEN 4
            WHEN draw(number, 'screened') > 0.6 THEN 0
            WHEN draw(number, 'interviewed') > IF(source IN ('Agency', 'Referral'), 0.6, 0.35) THEN 1
            WHEN draw(number, 'offered') > 0.15 THEN 2
            ELSE 3
        END AS reached,
        applied_at + to_minutes(600 + below(8000, number, 'screened after')) AS screened,
        screened + to_minutes(1440 + below(8000, number, 'interviewed after')) AS interviewed,
        interviewed + to_minutes(1440 + below(10000, number, 'offered after')) AS offered,
        [applied_at, screened, interviewed, offered][1 + least(reached, 3)] + INTERVAL 5 DAY AS closed
    FROM applied
)
SELECT
    'cand-' || opening_id || '-' || lpad(nth::VARCHAR, 2, '0') AS candidate_id,
    role, team, source, applied_at,
    IF(reached >= 1 AND screened <= getvariable('until'), screened, NULL) AS screened_at,
    IF(reached >= 2 AND interviewed <= getvariable('until'), interviewed, NULL) AS interviewed_at,
    IF(reached >= 3 AND offered <= getvariable('until'), offered, NULL) AS offered_at,
    IF(is_hired, begins_at, NULL) AS hired_at,
    IF(NOT is_hired AND closed <= getvariable('until'), closed, NULL) AS closed_at,
    IF(closed_at IS NULL, NULL,
       IF(reached = 3 OR draw(number, 'withdraws') < 0.15, 'withdrawn', 'rejected')) AS outcome,
    IF(is_hired, user_id, NULL) AS user_id,
    greatest(applied_at, screened_at, interviewed_at, offered_at, hired_at, closed_at) AS updated_at,
    false AS is_deleted
FROM walked
ORDER BY candidate_id
"""
