-- What each rep did on each local day, as counts and sums that can be added up over reps and days: the
-- measures of macros/measures.sql, and the opportunities open at the day's end.
{% set measures = rep_day_measures() | map(attribute='name') | list %}

with state_changes as {{ inlined() }} (
    select * from {{ ref('int_opportunity_state_changes') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

{% for event in rep_day_events() %}
{{ event }}_days as (
    {{ measures_by_day(event) }}
),

{% endfor %}
employed_days as (
    select
        users.user_id,
        true as is_employed,
        {{ explode_days(
            'greatest(first_event.first_event_on, users.hired_on)', 'least(users.left_on, ' ~ as_of_day() ~ ')'
        ) }} as date_day
    from users
    cross join first_event
    -- Without any event there is no day.
    where first_event.first_event_on is not null
),

-- An open state opens on its first day and ends on that of the next one; the running total says how many are
-- open.
-- What was open before the first day is open on it.
openings as (
    select
        owner_id as user_id,
        1 as opened_count,
        from_day as date_day
    from state_changes
    where is_open
    union all
    select
        owner_id as user_id,
        -1 as opened_count,
        to_day as date_day
    from state_changes
    where
        is_open
        and to_day is not null
),

daily_openings as (
    select
        openings.user_id,
        sum(openings.opened_count) as opened_count,
        greatest(openings.date_day, first_event.first_event_on) as date_day
    from openings
    cross join first_event
    where first_event.first_event_on is not null
    group by openings.user_id, greatest(openings.date_day, first_event.first_event_on)
),

open_spans as (
    select
        user_id,
        cast(sum(opened_count) over day_order as integer) as open_count,
        date_day as first_day,
        lead(date_day) over day_order as next_day
    from daily_openings
    window day_order as (partition by user_id order by date_day)
),

open_days as (
    select
        user_id,
        open_count,
        {{ explode_days('first_day', 'coalesce(next_day - 1, ' ~ as_of_day() ~ ')') }} as date_day
    from open_spans
    where open_count <> 0
),

{# What each part has beside user_id and date_day. #}
{% set parts = {'employed_days': ['is_employed'], 'open_days': ['open_count']} %}
{% for event in rep_day_events() %}
{% do parts.update({event ~ '_days': rep_day_measures() | selectattr('event', 'equalto', event)
    | map(attribute='name') | list}) %}
{% endfor %}
{% for part, columns in parts.items() %}
{% do parts.update({part: ['user_id', 'date_day'] + columns}) %}
{% endfor %}
parts as (
    {{ union_by_name(parts) }}
),

-- No part has a rep's day twice: the greatest value is the only one, and found in half the time of a sum (1.0
-- s of a processor instead of 1.8 s for the parts of a million calls).
merged as (
    select
        user_id,
        coalesce(bool_or(is_employed), false) as is_employed,
        coalesce(max(open_count), 0) as open_count,
        {% for measure in rep_day_measures() %}
        coalesce(max({{ measure.name }}), 0) as {{ measure.name }},
        {% endfor %}
        date_day
    from parts
    group by user_id, date_day
)

select
    merged.user_id,
    {% for measure in measures %}
    merged.{{ measure }},
    {% endfor %}
    merged.open_count,
    merged.date_day
from merged
inner join first_event
    on merged.date_day >= first_event.first_event_on
where
    merged.is_employed
    or merged.open_count <> 0
    {% for measure in measures %}
    or merged.{{ measure }} <> 0
    {% endfor %}
