-- How many of the goals of a team's reps are agreed on and set well, by the fiscal quarter in which they start.
with goals as (
    select * from {{ ref('kpi_goal_progress') }}
    where owner_type = 'rep'
),

rep_versions as (
    select * from {{ ref('dim_rep_version') }}
),

placed as (
    select
        goals.*,
        coalesce(rep_versions.team, 'unassigned') as team,
        {{ month_start(period_first_month(month_index('goals.period_start'), 3)) }} as quarter_start
    from goals
    left join rep_versions
        on
            goals.owner_id = rep_versions.user_id
            and goals.period_start between rep_versions.valid_from and rep_versions.valid_to
),

counted as (
    select
        team,
        cast(count(*) as integer) as goal_count,
        cast(count(acknowledged_at) as integer) as acknowledged_count,
        median(days_to_acknowledge) as median_days_to_acknowledge,
        count(*) filter (where is_smart) as smart_count,
        quarter_start
    from placed
    group by team, quarter_start
)

select
    team,
    goal_count,
    acknowledged_count,
    {{ ratio('acknowledged_count', 'goal_count') }} as acknowledged_rate,
    median_days_to_acknowledge,
    {{ ratio('smart_count', 'goal_count') }} as smart_rate,
    quarter_start
from counted
