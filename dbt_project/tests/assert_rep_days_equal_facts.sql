-- What: the sums over fct_rep_day are those of the facts: calls, created, won, lost, stage advances, and
-- on the as-of day the open opportunities.
-- Why: fct_rep_day joins six summaries to the reps and days; each has to arrive whole.
-- A failure means that a rep or a day is missing from the grid of reps and days.
with rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

stage_visits as (
    select * from {{ ref('fct_opportunity_stage') }}
),

calls_daily as (
    select * from {{ ref('int_calls_daily') }}
),

rep_day_totals as (
    select
        coalesce(sum(calls_count), 0) as calls_count,
        coalesce(sum(talk_seconds), 0) as talk_seconds,
        coalesce(sum(created_count), 0) as created_count,
        coalesce(sum(created_amount), 0) as created_amount,
        coalesce(sum(won_count), 0) as won_count,
        coalesce(sum(won_amount), 0) as won_amount,
        coalesce(sum(lost_count), 0) as lost_count,
        coalesce(sum(stage_advance_count), 0) as stage_advance_count,
        coalesce(sum(open_count) filter (where date_day = {{ as_of_day() }}), 0) as open_count
    from rep_days
),

call_totals as (
    select
        coalesce(sum(calls_count), 0) as calls_count,
        coalesce(sum(talk_seconds), 0) as talk_seconds
    from calls_daily
),

opportunity_totals as (
    select
        count(*) as created_count,
        coalesce(sum(created_amount), 0) as created_amount,
        count(*) filter (where status = 'won') as won_count,
        coalesce(sum(won_amount), 0) as won_amount,
        count(*) filter (where status = 'lost') as lost_count,
        count(*) filter (where status = 'open') as open_count
    from opportunities
),

visit_totals as (
    select count(*) filter (where exit_kind = 'advanced') as stage_advance_count from stage_visits
)

select
    rep_day_totals.*,
    call_totals.*,
    opportunity_totals.*,
    visit_totals.*
from rep_day_totals
cross join call_totals
cross join opportunity_totals
cross join visit_totals
where
    rep_day_totals.calls_count <> call_totals.calls_count
    or rep_day_totals.talk_seconds <> call_totals.talk_seconds
    or rep_day_totals.created_count <> opportunity_totals.created_count
    or rep_day_totals.created_amount <> opportunity_totals.created_amount
    or rep_day_totals.won_count <> opportunity_totals.won_count
    or rep_day_totals.won_amount <> opportunity_totals.won_amount
    or rep_day_totals.lost_count <> opportunity_totals.lost_count
    or rep_day_totals.open_count <> opportunity_totals.open_count
    or rep_day_totals.stage_advance_count <> visit_totals.stage_advance_count
