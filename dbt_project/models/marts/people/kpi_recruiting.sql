-- How candidates of each source get through to a job, what that costs, and what those hired bring.
{% set steps = ['screened', 'interviewed', 'offered', 'hired'] %}
{% set group = ['source', 'team', 'quarter_start'] %}

with candidates as (
    select * from {{ ref('int_candidates_unioned') }}
    where
        not is_deleted
        and applied_at <= {{ as_of() }}
),

spend as (
    select * from {{ ref('int_spend') }}
    where category = 'recruiting'
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

scorecards as (
    select * from {{ ref('kpi_rep_scorecard') }}
    where period_type = 'month'
),

local_days as (
    select * from {{ ref('int_local_days') }}
),

-- Who took a later step took those before it.
applications as (
    select
        candidates.user_id,
        coalesce(nullif(candidates.source, ''), 'unknown') as source,
        coalesce(nullif(candidates.team, ''), 'unassigned') as team,
        {% for step in steps %}
        {% set later = [] %}
        {% for each in steps[loop.index0:] %}
        {% do later.append('candidates.' ~ each ~ '_at <= ' ~ as_of()) %}
        {% endfor %}
        coalesce({{ later | join(', false) or coalesce(') }}, false) as is_{{ step }},
        {% endfor %}
        case
            when candidates.hired_at <= {{ as_of() }}
                then {{ days_between('candidates.applied_at', 'candidates.hired_at') }}
        end as days_to_hire,
        {{ month_start(period_first_month(month_index('local_days.local_day'), 3)) }} as quarter_start
    from candidates
    inner join local_days
        on {{ in_local_day('candidates.applied_at', 'local_days') }}
),

counted as (
    select
        {{ group | join(', ') }},
        count(*) as applied_count,
        {% for step in steps %}
        count(*) filter (where is_{{ step }}) as {{ step }}_count,
        {% endfor %}
        median(days_to_hire) as median_days_to_hire
    from applications
    group by {{ group | join(', ') }}
),

spend_by_source as (
    select
        channel as source,
        {{ month_start(period_first_month(month_index('month'), 3)) }} as quarter_start,
        sum(spend_amount) as spend_amount
    from spend
    group by channel, {{ month_start(period_first_month(month_index('month'), 3)) }}
    having sum(spend_amount) <> 0
),

recruiting_teams as (
    select
        source,
        quarter_start,
        case when count(distinct team) = 1 then min(team) else 'unassigned' end as team
    from applications
    group by source, quarter_start
),

spend_by_team as (
    select
        spend_by_source.source,
        coalesce(recruiting_teams.team, 'unassigned') as team,
        spend_by_source.quarter_start,
        spend_by_source.spend_amount
    from spend_by_source
    left join recruiting_teams
        on
            spend_by_source.source = recruiting_teams.source
            and spend_by_source.quarter_start = recruiting_teams.quarter_start
),

hired_users as (
    select distinct
        applications.source,
        applications.team,
        applications.quarter_start,
        users.user_id,
        {{ month_index('users.hired_on') }} as hired_month
    from applications
    inner join users
        on applications.user_id = users.user_id
    where
        applications.days_to_hire is not null
        and users.hired_on is not null
),

-- From the fourth to the sixth month after the one of hiring.
hired_results as (
    select
        hired_users.source,
        hired_users.team,
        hired_users.quarter_start,
        {{ ratio('sum(scorecards.won_amount)', 'sum(scorecards.quota_amount)') }} as hired_attainment
    from hired_users
    inner join scorecards
        on
            hired_users.user_id = scorecards.user_id
            and {{ month_index('scorecards.period_start') }} between hired_users.hired_month + 4
            and hired_users.hired_month + 6
            and scorecards.period_end < {{ as_of_day() }}
    group by hired_users.source, hired_users.team, hired_users.quarter_start
),

-- Each part has a group once.
parts as (
    {{ union_by_name({
        'counted': group + ['applied_count', 'screened_count', 'interviewed_count', 'offered_count', 'hired_count',
            'median_days_to_hire'],
        'spend_by_team': group + ['spend_amount'],
        'hired_results': group + ['hired_attainment'],
    }) }}
),

joined as (
    select
        {{ group | join(', ') }},
        {% for step in ['applied'] + steps %}
        cast(coalesce(max({{ step }}_count), 0) as integer) as {{ step }}_count,
        {% endfor %}
        max(median_days_to_hire) as median_days_to_hire,
        cast(coalesce(max(spend_amount), 0) as decimal(18, 2)) as spend_amount,
        max(hired_attainment) as hired_attainment
    from parts
    group by {{ group | join(', ') }}
)

select
    source,
    team,
    applied_count,
    {% for step in steps %}
    {{ step }}_count,
    {% endfor %}
    {% for step in steps %}
    {{ ratio(step ~ '_count', (['applied'] + steps)[loop.index0] ~ '_count') }} as {{ step }}_rate,
    {% endfor %}
    median_days_to_hire,
    spend_amount,
    {{ ratio('spend_amount', 'hired_count') }} as cost_per_hire,
    hired_attainment,
    quarter_start
from joined
