-- Who leads in each KPI of the setting leaderboard_kpis, among those employed in the period.
{% set kpis = kpis_by_name() %}
{% set board = 'period_type, period_start, kpi' %}
{% set rep_periods = 'partition by period_type, kpi, user_id order by period_number' %}

with scorecards as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

scorecard_parts as (
    select * from {{ ref('int_scorecard_parts') }}
),

rep_versions as (
    select * from {{ ref('dim_rep_version') }}
),

periods as (
    select
        *,
        -- Neighbours of a type are one apart.
        {{ integer_divide('first_month', '(last_month - first_month + 1)') }} as period_number,
        least(period_end, {{ as_of_day() }}) as last_day,
        period_end >= {{ as_of_day() }} as is_running
    from {{ ref('int_periods') }}
),

employed as (
    select distinct
        period_type,
        period_start,
        user_id
    from scorecard_parts
    where is_employed
),

kpi_values as (
    {% for name in var('leaderboard_kpis') %}
    select
        period_type,
        user_id,
        '{{ name }}' as kpi,
        cast({{ kpis[name].column_name }} as double) as value,
        {{ -1 if kpis[name].better == 'lower' else 1 }} as direction,
        period_start
    from scorecards
    where {{ kpis[name].column_name }} is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

entries as (
    select
        kpi_values.period_type,
        kpi_values.user_id,
        kpi_values.kpi,
        rep_versions.team,
        kpi_values.value,
        kpi_values.value * kpi_values.direction as score,
        periods.period_number,
        periods.is_running,
        kpi_values.period_start
    from kpi_values
    inner join periods
        on
            kpi_values.period_type = periods.period_type
            and kpi_values.period_start = periods.period_start
    inner join employed
        on
            kpi_values.period_type = employed.period_type
            and kpi_values.period_start = employed.period_start
            and kpi_values.user_id = employed.user_id
    inner join rep_versions
        on
            kpi_values.user_id = rep_versions.user_id
            and periods.last_day between rep_versions.valid_from and rep_versions.valid_to
),

ranked as (
    select
        *,
        count(*) over (partition by {{ board }}) as rep_count,
        rank() over (partition by {{ board }} order by score desc) as rank,
        count(*) over teams > 1
        and score = max(score) over teams as is_team_best
    from entries
    window teams as (partition by {{ board }}, team)
),

placed as (
    select
        *,
        {{ ratio('rep_count - rank', 'rep_count - 1') }} as percentile
    from ranked
),

compared as (
    select
        *,
        max(rank) over ({{ rep_periods }} range between 1 preceding and 1 preceding) - rank as rank_change,
        percentile - avg(percentile) over ({{ rep_periods }} range between 3 preceding and 1 preceding) as improvement
    from placed
),

-- Rounded, so that equal ones are equal however they were added up.
judged as (
    select
        *,
        round(improvement, 9) as rounded_improvement,
        max(round(improvement, 9)) over (partition by {{ board }}) as best_improvement
    from compared
),

-- Periods in a row that a rep reached the quota in keep the same distance from their number among all of them.
reached as (
    select
        scorecards.period_type,
        scorecards.user_id,
        periods.period_number,
        periods.period_number - row_number() over (
            partition by scorecards.period_type, scorecards.user_id order by periods.period_number
        ) as streak
    from scorecards
    inner join periods
        on
            scorecards.period_type = periods.period_type
            and scorecards.period_start = periods.period_start
    where scorecards.attainment >= 1
),

streaks as (
    select
        period_type,
        user_id,
        period_number,
        row_number() over (partition by period_type, user_id, streak order by period_number) as quota_streak
    from reached
)

select
    judged.period_type,
    judged.user_id,
    judged.kpi,
    judged.value,
    cast(judged.rank as integer) as rank,
    judged.percentile,
    cast(judged.rank_change as integer) as rank_change,
    judged.improvement,
    cast(
        case when judged.kpi = 'attainment' then coalesce(streaks.quota_streak, 0) end as integer
    ) as quota_streak,
    judged.is_team_best,
    coalesce(judged.rounded_improvement = judged.best_improvement and judged.improvement > 0, false)
        as is_most_improved,
    judged.period_start
from judged
left join streaks
    on
        judged.period_type = streaks.period_type
        and judged.user_id = streaks.user_id
        -- What a running period has not reached yet breaks nothing.
        and judged.period_number - cast(judged.is_running and judged.value < 1 as integer) = streaks.period_number
