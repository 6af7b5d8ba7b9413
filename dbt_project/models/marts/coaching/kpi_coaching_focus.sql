-- The one thing on which coaching would help each rep most: the stage at which falling behind the team costs most, or
-- else the skill that is furthest behind. Seen over the four fiscal quarters up to this one.
{% set stage = ['pipeline_key', 'open_stage_number'] %}

with reaches as (
    select * from {{ ref('int_rep_stage_reaches') }}
),

all_reaches as (
    select * from {{ ref('int_stage_reaches') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

closed_opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

skills as (
    select * from {{ ref('kpi_skill') }}
),

versions as (
    select * from {{ ref('dim_rep_version') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

-- What happens in a quarter counts in it and in the three after it, up to the one of the as-of day.
yearly_reaches as (
    select
        *,
        {{ explode_integers('0', '3') }} as quarters_later
    from reaches
),

by_rep as (
    select
        user_id,
        pipeline_key,
        open_stage_number,
        quarter_index + 3 * quarters_later as quarter_index,
        sum(advanced_count) as advanced_count,
        sum(advanced_count + lost_count) as decided_count
    from yearly_reaches
    where quarter_index + 3 * quarters_later <= {{ as_of_month() }}
    group by user_id, pipeline_key, open_stage_number, quarter_index + 3 * quarters_later
),

in_teams as (
    select
        by_rep.*,
        nullif(versions.team, 'unassigned') as team
    from by_rep
    inner join versions
        on
            by_rep.user_id = versions.user_id
            and least({{ month_start('by_rep.quarter_index + 3') }} - 1, {{ as_of_day() }})
            between versions.valid_from and versions.valid_to
),

with_peers as (
    select
        *,
        case when team is not null then (sum(advanced_count) over team_mates) - advanced_count end
            as peer_advanced_count,
        case when team is not null then (sum(decided_count) over team_mates) - decided_count end
            as peer_decided_count
    from in_teams
    window team_mates as (partition by quarter_index, pipeline_key, open_stage_number, team)
),

rated as (
    select
        *,
        {{ ratio('advanced_count', 'decided_count') }} as rep_rate,
        {{ ratio('peer_advanced_count', 'peer_decided_count') }} as peer_rate,
        {{ ratio('advanced_count + peer_advanced_count', 'decided_count + peer_decided_count') }} as pooled_rate
    from with_peers
    where
        decided_count >= {{ var('coaching_min_cohort') }}
        and peer_decided_count >= {{ var('coaching_min_cohort') }}
),

-- Two proportions, pooled, one-sided at 5 %. Where all or none advanced there is no difference to test.
behind as (
    select
        *,
        rep_rate - peer_rate as gap
    from rated
    where
        rep_rate < peer_rate
        and (peer_rate - rep_rate) / sqrt(
            pooled_rate * (1 - pooled_rate)
            * ({{ ratio('1', 'decided_count') }} + {{ ratio('1', 'peer_decided_count') }})
        ) >= 1.645
),

yearly_advances as (
    select
        all_reaches.pipeline_key,
        all_reaches.open_stage_number,
        {{ period_first_month(month_index('all_reaches.advanced_on'), 3) }} as advanced_quarter,
        coalesce(closed_opportunities.won_amount, 0) as won_amount,
        {{ explode_integers('0', '3') }} as quarters_later
    from all_reaches
    inner join opportunities
        on all_reaches.opportunity_key = opportunities.opportunity_key
    inner join closed_opportunities
        on opportunities.opportunity_id = closed_opportunities.opportunity_id
    cross join first_event
    where {{ month_index('all_reaches.advanced_on') }} >= first_event.first_month
),

-- What an advance from a stage turned out to be worth, in the whole company.
advance_values as (
    select
        pipeline_key,
        open_stage_number,
        advanced_quarter + 3 * quarters_later as quarter_index,
        {{ ratio('sum(won_amount)', 'count(*)') }} as advance_value
    from yearly_advances
    group by pipeline_key, open_stage_number, advanced_quarter + 3 * quarters_later
),

stage_focuses as (
    select
        behind.user_id,
        behind.quarter_index,
        stages.pipeline,
        stages.stage as focus,
        stages.stage_position,
        behind.gap,
        behind.rep_rate,
        behind.peer_rate,
        behind.decided_count,
        {{ cents('behind.decided_count * -behind.gap * advance_values.advance_value') }} as cost_amount
    from behind
    inner join stages
        on
            behind.pipeline_key = stages.pipeline_key
            and behind.open_stage_number = stages.funnel_rank
            and not stages.is_closed
    left join advance_values
        on
            behind.pipeline_key = advance_values.pipeline_key
            and behind.open_stage_number = advance_values.open_stage_number
            and behind.quarter_index = advance_values.quarter_index
),

greatest_costs as (
    select *
    from stage_focuses
    qualify row_number() over (
        partition by user_id, quarter_index order by cost_amount desc nulls last, pipeline asc, stage_position asc
    ) = 1
),

weakest_skills as (
    select
        *,
        {{ month_index('quarter_start') }} as quarter_index
    from skills
    where
        gap < 0
        and review_count >= 3
    qualify row_number() over (partition by user_id, quarter_start order by gap, criterion) = 1
),

rep_quarters as (
    select
        user_id,
        quarter_index
    from by_rep
    union
    select
        user_id,
        {{ month_index('quarter_start') }} as quarter_index
    from skills
),

focuses as (
    select
        rep_quarters.user_id,
        rep_quarters.quarter_index,
        case
            when greatest_costs.user_id is not null then 'stage'
            when weakest_skills.user_id is not null then 'skill'
            else 'none'
        end as focus_kind,
        coalesce(greatest_costs.focus, weakest_skills.criterion) as focus,
        greatest_costs.pipeline,
        coalesce(greatest_costs.gap, weakest_skills.gap) as gap,
        greatest_costs.cost_amount,
        coalesce(greatest_costs.rep_rate, weakest_skills.mean_score) as rep_rate,
        coalesce(greatest_costs.peer_rate, weakest_skills.peer_mean_score) as peer_rate,
        coalesce(greatest_costs.decided_count, weakest_skills.review_count) as case_count
    from rep_quarters
    left join greatest_costs
        on
            rep_quarters.user_id = greatest_costs.user_id
            and rep_quarters.quarter_index = greatest_costs.quarter_index
    left join weakest_skills
        on
            rep_quarters.user_id = weakest_skills.user_id
            and rep_quarters.quarter_index = weakest_skills.quarter_index
)

select
    user_id,
    focus_kind,
    focus,
    pipeline,
    gap,
    cost_amount,
    {{ focus_sentence() }} as evidence,
    {{ month_start('quarter_index') }} as quarter_start
from focuses
