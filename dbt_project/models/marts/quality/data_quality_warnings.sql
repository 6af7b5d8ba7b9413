-- What the landing contract and the KPI rules count as a warning: one row a rule and entity, also where
-- nothing was found. A warning never stops a build.
with rep_references as (
    select * from {{ ref('int_rep_references') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

opportunities as (
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

calls_daily as (
    select * from {{ ref('int_calls_daily') }}
),

quota_months as (
    select * from {{ ref('fct_quota_month') }}
),

judged_row_counts as (
    select * from {{ ref('int_judged_row_counts') }}
),

left_out_calls as (
    select * from {{ ref('int_left_out_calls') }}
),

referring_entities as (
    select unnest(['accounts', 'calls', 'opportunities', 'opportunity_history', 'quotas']) as entity
),

unknown_reps as (
    select
        'unknown_rep' as rule,
        referring_entities.entity,
        'Rows that name a rep who is in no users row; they count for a rep with that id and no name.'
            as description,
        coalesce(sum(rep_references.row_count) filter (
            where users.user_id is null
        ), 0) as row_count
    from referring_entities
    left join rep_references
        on
            referring_entities.entity = rep_references.entity
            and rep_references.user_id <> 'unassigned'
    left join users
        on rep_references.user_id = users.user_id
    group by referring_entities.entity
),

unvalued_opportunities as (
    select
        'amount_without_rate' as rule,
        'opportunities' as entity,
        'Rows whose amount has no exchange rate on or before a day that values it; it counts as 0.'
            as description,
        count(*) filter (where has_unvalued_amount) as row_count
    from opportunities
),

unvalued_quotas as (
    select
        'amount_without_rate' as rule,
        'quotas' as entity,
        'Rows whose amount has no exchange rate on or before the first day; they count for no month.'
            as description,
        count(distinct quota_id) filter (where quota_amount is null) as row_count
    from quota_months
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

suspect_calls as (
    select
        'suspect_long_call' as rule,
        'calls' as entity,
        'Rows that last longer than the configured limit; they add nothing to talk_seconds.' as description,
        coalesce(sum(suspect_calls), 0) as row_count
    from calls_daily
),

rejected_rows as (
    select
        'rejected_row' as rule,
        entity,
        'Rows of an API that cannot be read or break the landing contract; int_rejected_rows has the reasons.'
            as description,
        sum(rejected_count) as row_count
    from judged_row_counts
    group by entity
),

-- No fault, and so without a word from the gate; but a figure that is missing somewhere else.
calls_left_out as (
    select
        'call_left_out' as rule,
        'calls' as entity,
        'Calls that are internal, counted elsewhere, or that no rep took: int_left_out_calls has the reasons.'
            as description,
        count(*) as row_count
    from left_out_calls
    having count(*) > 0
),

warnings as (
    select * from unknown_reps
    union all
    select * from unvalued_opportunities
    union all
    select * from unvalued_quotas
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
    select * from suspect_calls
    union all
    select * from rejected_rows
    union all
    select * from calls_left_out
)

select
    rule,
    entity,
    description,
    cast(row_count as bigint) as row_count
from warnings
