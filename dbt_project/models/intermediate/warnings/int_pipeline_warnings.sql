-- Warnings on opportunities and their history.
with opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

known_opportunities as (
    select * from {{ ref('int_opportunities_unioned') }}
),

existing_opportunities as (
    select * from {{ ref('int_opportunities') }}
),

history as (
    select * from {{ ref('int_opportunity_history_unioned') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

unvalued_opportunities as (
    select
        'amount_without_rate' as rule,
        'opportunities' as entity,
        'Rows with no exchange rate by a day that values them, or an amount too large once converted; it counts as 0.'
            as description,
        count(*) filter (where has_unvalued_amount) as row_count
    from opportunities
),

assumed_changes as (
    select
        'assumed_state_change' as rule,
        'opportunities' as entity,
        'Rows newer than their history with another stage or pipeline; a change at updated_at is assumed.'
            as description,
        count(*) filter (where has_assumed_state) as row_count
    from opportunities
),

without_history as (
    select
        'no_stage_history' as rule,
        'opportunities' as entity,
        'Rows with no history up to the as-of moment; their states are inferred, and they are in no funnel.'
            as description,
        count(*) filter (where is_inferred) as row_count
    from opportunities
),

won_before_created as (
    select
        'won_before_created' as rule,
        'opportunities' as entity,
        'Won rows that closed on a day before the one of created_at; they are left out of avg_cycle_days.'
            as description,
        count(*) filter (where status = 'won' and cycle_days is null) as row_count
    from opportunities
),

without_state as (
    select
        'opportunity_without_state' as rule,
        'opportunities' as entity,
        'Rows with no history that close after the as-of moment in a pipeline with no open stage; left out.'
            as description,
        count(*) as row_count
    from existing_opportunities
    inner join stages
        on existing_opportunities.stage_key = stages.stage_key
    left join opportunities
        on existing_opportunities.opportunity_id = opportunities.opportunity_id
    where
        stages.first_open_stage_key is null
        and opportunities.opportunity_id is null
),

unmatched_history as (
    select
        count(*) filter (where known_opportunities.opportunity_id is null) as unknown_opportunity_count,
        count(*) filter (
            where existing_opportunities.opportunity_id is not null and stages.stage_key is null
        ) as unknown_stage_count
    from history
    left join known_opportunities
        on history.opportunity_id = known_opportunities.opportunity_id
    left join existing_opportunities
        on history.opportunity_id = existing_opportunities.opportunity_id
    left join stages
        on
            coalesce(history.pipeline, existing_opportunities.pipeline) = stages.pipeline
            and history.stage = stages.stage
),

history_of_unknown_opportunities as (
    select
        'unknown_opportunity' as rule,
        'opportunity_history' as entity,
        'Rows of no known opportunity; they are passed over.' as description,
        unknown_opportunity_count as row_count
    from unmatched_history
),

history_of_unknown_stages as (
    select
        'unknown_stage' as rule,
        'opportunity_history' as entity,
        'Rows whose stage is not in the present pipeline of the opportunity; they are passed over.'
            as description,
        unknown_stage_count as row_count
    from unmatched_history
),

implausible_dates as (
    select
        'implausible_date' as rule,
        'opportunities' as entity,
        'Rows that began or closed before earliest_plausible_date; this counts in no day or period.'
            as description,
        count(*) filter (
            where first_state_on < {{ earliest_plausible_day() }} or closed_on < {{ earliest_plausible_day() }}
        ) as row_count
    from opportunities
)

select * from unvalued_opportunities
union all
select * from assumed_changes
union all
select * from without_history
union all
select * from won_before_created
union all
select * from without_state
union all
select * from history_of_unknown_opportunities
union all
select * from history_of_unknown_stages
union all
select * from implausible_dates
