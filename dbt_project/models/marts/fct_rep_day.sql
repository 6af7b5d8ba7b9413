-- What each rep did on each local day, as counts and sums that can be added up over reps and days.
{% set counted = [
    'calls_count', 'outbound_calls', 'connected_calls', 'created_count', 'won_count', 'lost_count',
    'cycle_count', 'cycle_days', 'stage_advance_count',
] %}

with opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

states as (
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
    select * from {{ ref('stg_landing__users') }}
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

events as (
    select
        user_id,
        call_on as date_day,
        calls_count,
        outbound_calls,
        connected_calls,
        talk_seconds
    from calls_daily
    union all by name
    select * from created
    union all by name
    select * from closed
    union all by name
    select
        user_id,
        date_day,
        stage_advance_count,
        opened_count as open_change
    from state_starts
    union all by name
    select
        user_id,
        date_day,
        -ended_count as open_change
    from state_ends
),

measures as (
    select
        user_id,
        date_day,
        {% for measure in counted %}
        cast(sum({{ measure }}) as integer) as {{ measure }},
        {% endfor %}
        sum(talk_seconds) as talk_seconds,
        sum(created_amount) as created_amount,
        sum(won_amount) as won_amount,
        sum(lost_amount) as lost_amount,
        sum(open_change) as open_change
    from events
    group by user_id, date_day
),

reps as (
    select
        coalesce(users.user_id, active_reps.user_id) as user_id,
        users.user_id is not null as is_known,
        users.hired_on,
        users.left_on
    from users
    full join (select distinct user_id from measures) as active_reps
        on users.user_id = active_reps.user_id
),

event_days as (
    select calendar_day as date_day
    from calendar_days
    where calendar_day >= (select min(date_day) from measures)
),

rep_days as (
    select
        reps.user_id,
        event_days.date_day,
        reps.is_known
        and coalesce(reps.hired_on <= event_days.date_day, true)
        and coalesce(reps.left_on >= event_days.date_day, true) as is_employed
    from reps
    cross join event_days
),

filled as (
    select
        rep_days.user_id,
        rep_days.date_day,
        rep_days.is_employed,
        {% for measure in counted %}
        coalesce(measures.{{ measure }}, 0) as {{ measure }},
        {% endfor %}
        cast(coalesce(measures.talk_seconds, 0) as decimal(18, 3)) as talk_seconds,
        cast(coalesce(measures.created_amount, 0) as decimal(18, 2)) as created_amount,
        cast(coalesce(measures.won_amount, 0) as decimal(18, 2)) as won_amount,
        cast(coalesce(measures.lost_amount, 0) as decimal(18, 2)) as lost_amount,
        cast(coalesce(sum(measures.open_change) over (
            partition by rep_days.user_id order by rep_days.date_day
        ), 0) as integer) as open_count
    from rep_days
    left join measures
        on
            rep_days.user_id = measures.user_id
            and rep_days.date_day = measures.date_day
)

select
    user_id,
    {% for measure in counted %}
    {{ measure }},
    {% endfor %}
    open_count,
    talk_seconds,
    created_amount,
    won_amount,
    lost_amount,
    date_day
from filled
where
    is_employed
    -- An amount or a talk time is never there without its count.
    or open_count <> 0
    {% for measure in counted %}
    or {{ measure }} <> 0
    {% endfor %}
