-- What each rep did from the first day that an event is compared with to the end of a day: what was done in a span of
-- days is the difference of two rows. A row holds for all days up to the next one on which something was done.
{% set measures = coaching_totals() | reject('equalto', 'working_day_count') | list %}

with events as (
    select * from {{ ref('int_coaching_events') }}
),

reps as (
    select * from {{ ref('dim_rep') }}
),

rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

conversations as (
    select * from {{ ref('fct_call_conversation') }}
    where is_conversation
),

span as (
    select min(event_on) - 121 as first_day
    from events
),

-- The days on which something was done, and the first one. To add up all days took four times as long.
done as (
    select
        user_id,
        date_day,
        outbound_calls,
        connected_calls,
        won_count,
        won_count + lost_count as closed_count,
        0 as conversation_count,
        0 as talk_ratio_sum
    from rep_days
    union all
    select
        user_id,
        call_on as date_day,
        0 as outbound_calls,
        0 as connected_calls,
        0 as won_count,
        0 as closed_count,
        1 as conversation_count,
        coalesce({{ summable('talk_ratio') }}, 0) as talk_ratio_sum
    from conversations
    union all
    select
        reps.user_id,
        span.first_day as date_day,
        0 as outbound_calls,
        0 as connected_calls,
        0 as won_count,
        0 as closed_count,
        0 as conversation_count,
        0 as talk_ratio_sum
    from reps
    cross join span
),

daily as (
    select
        done.user_id,
        {% for measure in measures %}
        sum(done.{{ measure }}) as {{ measure }},
        {% endfor %}
        done.date_day
    from done
    inner join reps
        on done.user_id = reps.user_id
    cross join span
    where done.date_day between span.first_day and {{ as_of_day() }}
    group by done.user_id, done.date_day
)

select
    user_id,
    {% for measure in measures %}
    sum({{ measure }}) over (partition by user_id order by date_day) as {{ measure }},
    {% endfor %}
    date_day as from_day,
    coalesce(lead(date_day) over (partition by user_id order by date_day) - 1, {{ as_of_day() }}) as to_day
from daily
