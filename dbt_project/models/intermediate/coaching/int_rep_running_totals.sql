-- What each rep did from the first day that an event is compared with to the end of a day: what was done in a span of
-- days is the difference of two rows. There is a row for every day.
{% set measures = coaching_totals() %}

with events as (
    select * from {{ ref('int_coaching_events') }}
),

reps as (
    select * from {{ ref('dim_rep') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

conversations as (
    select * from {{ ref('fct_call_conversation') }}
    where is_conversation
),

working_days as (
    select * from {{ ref('int_working_days') }}
),

span as (
    select min(event_on) - 121 as first_day
    from events
),

days as (
    select {{ explode_days('first_day', as_of_day()) }} as date_day
    from span
),

conversations_daily as (
    select
        user_id,
        call_on,
        count(*) as conversation_count,
        sum({{ summable('talk_ratio') }}) as talk_ratio_sum
    from conversations
    group by user_id, call_on
),

daily as (
    select
        reps.user_id,
        days.date_day,
        coalesce(rep_days.outbound_calls, 0) as outbound_calls,
        coalesce(rep_days.connected_calls, 0) as connected_calls,
        coalesce(rep_days.won_count, 0) as won_count,
        coalesce(rep_days.won_count + rep_days.lost_count, 0) as closed_count,
        coalesce(conversations_daily.conversation_count, 0) as conversation_count,
        coalesce(conversations_daily.talk_ratio_sum, 0) as talk_ratio_sum,
        case
            when
                working_days.is_working_day
                and users.user_id is not null
                and coalesce(users.hired_on <= days.date_day, true)
                and coalesce(users.left_on >= days.date_day, true)
                then 1
            else 0
        end as working_day_count
    from reps
    cross join days
    inner join working_days
        on days.date_day = working_days.date_day
    left join users
        on reps.user_id = users.user_id
    left join rep_days
        on
            reps.user_id = rep_days.user_id
            and days.date_day = rep_days.date_day
    left join conversations_daily
        on
            reps.user_id = conversations_daily.user_id
            and days.date_day = conversations_daily.call_on
)

select
    user_id,
    {% for measure in measures %}
    sum({{ measure }}) over (partition by user_id order by date_day) as {{ measure }},
    {% endfor %}
    date_day
from daily
