-- What each rep did on each local day, as counts and sums that can be added up over reps and days.
{% set counted = [
    'calls_count', 'outbound_calls', 'connected_calls', 'created_count', 'won_count', 'lost_count',
    'cycle_count', 'cycle_days', 'stage_advance_count', 'open_count',
] %}
{% set amounts = ['created_amount', 'won_amount', 'lost_amount'] %}

with opportunities as {{ inlined() }} (
    select * from {{ ref('fct_opportunity') }}
),

states as {{ inlined() }} (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

stage_moves as (
    select * from {{ ref('int_stage_moves') }}
),

calls_daily as (
    select * from {{ ref('int_calls_daily') }}
),

calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

created as (
    select
        created_owner_id as user_id,
        first_state_on as date_day,
        count(*) as created_count,
        sum(created_amount) as created_amount
    from opportunities
    group by created_owner_id, first_state_on
),

closed as (
    select
        closed_owner_id as user_id,
        closed_on as date_day,
        count(*) filter (where status = 'won') as won_count,
        sum(won_amount) as won_amount,
        count(*) filter (where status = 'lost') as lost_count,
        sum(lost_amount) as lost_amount,
        count(cycle_days) as cycle_count,
        sum(cycle_days) as cycle_days
    from opportunities
    where status <> 'open'
    group by closed_owner_id, closed_on
),

-- Exploding open opportunities by day would be far too much: a state opens for its owner on its first day and
-- ends on the day of the next one, and the running total says how many are open.
state_starts as (
    select
        states.owner_id as user_id,
        states.from_day as date_day,
        count(*) filter (where not stages.is_closed) as opened_count,
        count(*) filter (where stage_moves.move_kind = 'advanced') as stage_advance_count
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    left join stage_moves
        on
            states.previous_stage_key = stage_moves.from_stage_key
            and states.stage_key = stage_moves.to_stage_key
    group by states.owner_id, states.from_day
),

state_ends as (
    select
        states.owner_id as user_id,
        states.to_day as date_day,
        count(*) as ended_count
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    where
        states.to_day is not null
        and not stages.is_closed
    group by states.owner_id, states.to_day
),

first_event as (
    select
        least(
            (select min(call_on) from calls_daily),
            (select min(date_day) from created),
            (select min(date_day) from closed)
        ) as first_event_on
),

activity as (
    select
        user_id,
        min(call_on) as first_active_on
    from calls_daily
    group by user_id
    union all
    select
        user_id,
        min(date_day) as first_active_on
    from created
    group by user_id
    union all
    select
        user_id,
        min(date_day) as first_active_on
    from closed
    group by user_id
    union all
    select
        user_id,
        min(date_day) as first_active_on
    from state_starts
    group by user_id
),

active_reps as (
    select
        user_id,
        min(first_active_on) as first_active_on
    from activity
    group by user_id
),

reps as (
    select
        coalesce(users.user_id, active_reps.user_id) as user_id,
        users.user_id is not null as is_known,
        users.hired_on,
        users.left_on,
        -- No row can be before both: one wrong date of long ago must not give every rep a row a day since.
        case
            when users.user_id is null then active_reps.first_active_on
            when users.hired_on is not null then least(users.hired_on, active_reps.first_active_on)
        end as first_day
    from users
    full join active_reps
        on users.user_id = active_reps.user_id
),

rep_days as (
    select
        reps.user_id,
        calendar_days.calendar_day as date_day,
        reps.is_known
        and coalesce(reps.hired_on <= calendar_days.calendar_day, true)
        and coalesce(reps.left_on >= calendar_days.calendar_day, true) as is_employed
    from reps
    cross join first_event
    inner join calendar_days
        on calendar_days.calendar_day >= greatest(first_event.first_event_on, reps.first_day)
    -- Without any event there is no day.
    where first_event.first_event_on is not null
),

open_counts as (
    select
        rep_days.user_id,
        rep_days.date_day,
        sum(coalesce(state_starts.opened_count, 0) - coalesce(state_ends.ended_count, 0)) over (
            partition by rep_days.user_id order by rep_days.date_day
        ) as open_count
    from rep_days
    left join state_starts
        on
            rep_days.user_id = state_starts.user_id
            and rep_days.date_day = state_starts.date_day
    left join state_ends
        on
            rep_days.user_id = state_ends.user_id
            and rep_days.date_day = state_ends.date_day
),

filled as (
    select
        rep_days.user_id,
        rep_days.date_day,
        rep_days.is_employed,
        {% for measure in counted %}
        cast(coalesce({{ measure }}, 0) as integer) as {{ measure }},
        {% endfor %}
        {% for measure in amounts %}
        cast(coalesce({{ measure }}, 0) as decimal(18, 2)) as {{ measure }},
        {% endfor %}
        cast(coalesce(calls_daily.talk_seconds, 0) as decimal(18, 3)) as talk_seconds
    from rep_days
    left join calls_daily
        on
            rep_days.user_id = calls_daily.user_id
            and rep_days.date_day = calls_daily.call_on
    left join created
        on
            rep_days.user_id = created.user_id
            and rep_days.date_day = created.date_day
    left join closed
        on
            rep_days.user_id = closed.user_id
            and rep_days.date_day = closed.date_day
    left join state_starts
        on
            rep_days.user_id = state_starts.user_id
            and rep_days.date_day = state_starts.date_day
    left join open_counts
        on
            rep_days.user_id = open_counts.user_id
            and rep_days.date_day = open_counts.date_day
)

select
    user_id,
    {% for measure in counted %}
    {{ measure }},
    {% endfor %}
    talk_seconds,
    {% for measure in amounts %}
    {{ measure }},
    {% endfor %}
    date_day
from filled
where
    is_employed
    -- An amount or a talk time is never there without its count.
    {% for measure in counted %}
    or {{ measure }} <> 0
    {% endfor %}
