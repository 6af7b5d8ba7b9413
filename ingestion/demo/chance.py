"""Pseudo-random draws and working time, as DuckDB macros.

Does not belong here: anything about the company.
"""

from __future__ import annotations

# Each draw mixes the salt into the id before one more hash: hash(id, salt) alone combines the two by XOR,
# which leaves draws with different salts dependent on each other.
DRAWS = """
CREATE MACRO draw(id, salt) AS
    (hash(xor(hash(salt, getvariable('seed')), id::UBIGINT)) >> 11) / 9007199254740992.0;
CREATE MACRO normal(id, salt) AS
    sqrt(-2 * ln(1 - draw(id, salt || ' radius'))) * cos(2 * pi() * draw(id, salt || ' angle'));
CREATE MACRO below(n, id, salt) AS floor(n * draw(id, salt))::BIGINT;
CREATE MACRO pick(options, id, salt) AS options[1 + below(len(options), id, salt)];
-- What is personal to a rep: the same wherever their user_id appears.
CREATE MACRO trait(user_id, salt) AS draw(hash(user_id), salt);
"""

# Working time is one number: the Mondays to Fridays since 3 January 2000, and the fraction of the working day
# (8:00 to 17:45 local). All events of a deal live on this axis, so their order survives the way to UTC: the
# way is monotone. Offsets between -5 and +8 hours keep a working day within one UTC date.
# The sine warps the even flow of a day into a peak of the morning and one of the afternoon.
# Event times are rounded to 1e-6 of a day: two that differ, differ by milliseconds in UTC too.
WORKING_TIME = """
CREATE MACRO working_day(day) AS
    5 * ((day - DATE '2000-01-03') // 7) + least((day - DATE '2000-01-03') % 7, 4);
CREATE MACRO day_of(work) AS
    DATE '2000-01-03' + (7 * (floor(work)::BIGINT // 5) + floor(work)::BIGINT % 5)::INTEGER;
CREATE MACRO at_work(work) AS round(work, 6);
CREATE MACRO share_of_day(work) AS work - floor(work) + 0.06 * sin(4 * pi() * (work - floor(work)));
CREATE MACRO moment(work, utc_offset) AS make_timestamp((
    86400000000 * (10959 + 7 * (floor(work)::BIGINT // 5) + floor(work)::BIGINT % 5)
    + 1000 * floor(1000 * (3600 * (8 - utc_offset) + 35100 * share_of_day(work)))
)::BIGINT);
CREATE MACRO share_gone(instant, utc_offset) AS
    (epoch(instant) - epoch(date_trunc('day', instant)) + 3600 * (utc_offset - 8)) / 35100;
-- A working time shortly before `instant`, never after it: the warp moves a moment by at most 0.06 of a day.
CREATE MACRO work_until(instant, utc_offset) AS at_work(working_day(instant::DATE) + CASE
    WHEN isodow(instant) > 5 OR share_gone(instant, utc_offset) >= 1 THEN 0.999999
    WHEN share_gone(instant, utc_offset) <= 0 THEN -0.000001
    ELSE greatest(share_gone(instant, utc_offset) - 0.061, -0.000001)
END);
"""
